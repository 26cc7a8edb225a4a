import t from 'tap'
import { describeAddress, parseServerAddress, type ServerAddress, toURL } from '../../db/address.ts'

const PLAIN: ServerAddress = {
  host: 'db',
  port: 5432,
  user: 'me',
  password: 'secret',
  database: 'wallets',
  sslmode: 'disable',
}

t.test('a URL tells where the server is and who we are there', async (t) => {
  for (const [url, but] of [
    ['postgres://me:secret@db/wallets', {}],
    ['postgresql://me:secret@db/wallets', {}],
    ['postgres://me:secret@db:6543/wallets', { port: 6543 }],
    ['postgres://me@db/wallets', { password: '' }],
    ['postgres://me:secret@10.0.0.1/wallets', { host: '10.0.0.1' }],
    ['postgres://me:secret@[::1]:6543/wallets', { host: '::1', port: 6543 }],
    ['postgres://me:secret@db/wallets?sslmode=disable', {}],
    ['postgres://me:secret@db/wallets?sslmode=require', { sslmode: 'require' }],
    ['postgres://me:secret@db/wallets?sslmode=verify-full', { sslmode: 'verify-full' }],
    ['postgres://m%40e:s%2Fe%3Ac%25@db/my%20wallets', { user: 'm@e', password: 's/e:c%', database: 'my wallets' }],
    ['postgres://me:secret@db/wallets?target_session_attrs=any', {}],
    ['postgres://me:secret@db/wallets?target_session_attrs=read-write', { target: 'read-write' }],
    ['postgres://me:secret@db,spare/wallets', { others: [{ host: 'spare', port: 5432 }] }],
    ['postgres://me:secret@db,spare:6543/wallets', { others: [{ host: 'spare', port: 6543 }] }],
    ['postgres://me:secret@db:6543,spare/wallets', { port: 6543, others: [{ host: 'spare', port: 5432 }] }],
    [
      'postgres://m,e:se%2Ccret@[::1]:1,10.0.0.1:2,[fe80::2]/wallets?sslmode=require&target_session_attrs=primary',
      {
        ...{ host: '::1', port: 1, user: 'm,e', password: 'se,cret', sslmode: 'require', target: 'primary' },
        others: [
          { host: '10.0.0.1', port: 2 },
          { host: 'fe80::2', port: 5432 },
        ],
      },
    ],
    ['postgres://me:secret@localhost:6543/wallets?host=%2Frun%2Fpg', { host: '/run/pg', port: 6543 }],
  ] as const) {
    t.strictSame(parseServerAddress(url), { ...PLAIN, ...but }, url)
  }
})

t.test('an address that is written as a URL is read as it was', async (t) => {
  for (const but of [
    {},
    { host: '::1', port: 6543 },
    { host: '/run/pg' },
    { user: 'm@e', password: 's/e:c%', database: 'my wallets', sslmode: 'require' },
    { others: [{ host: '::1', port: 6543 }], target: 'read-write' },
  ] as const) {
    const address = { ...PLAIN, ...but }
    t.strictSame(parseServerAddress(toURL(address)), address, toURL(address))
  }
})

t.test('a URL that is wrong or says what we do not do is turned down', async (t) => {
  for (const url of [
    '',
    'db',
    'me:secret@db/wallets',
    'mysql://me:secret@db/wallets',
    'http://me:secret@db/wallets',
    'postgres://db/wallets',
    'postgres://:secret@db/wallets',
    'postgres://me:secret@db',
    'postgres://me:secret@db/',
    'postgres://me:secret@/wallets',
    'postgres://me:secret@db:port/wallets',
    'postgres://me:secret@db:65536/wallets',
    'postgres://me:secret@db/wallets?sslmode=prefer',
    'postgres://me:secret@db/wallets?sslmode=',
    'postgres://me:secret@db/wallets?SSLMODE=require',
    'postgres://me:secret@db/wallets?application_name=x',
    'postgres://me:%ff@db/wallets',
    'postgres://me:secret@,db/wallets',
    'postgres://me:secret@db,/wallets',
    'postgres://me:secret@db,,spare/wallets',
    'postgres://me:secret@db:1,spare:65536/wallets',
    'postgres://me:secret@db:1:2,spare/wallets',
    'postgres://me:secret@[::1,spare/wallets',
    'postgres://me:secret@db,spare/wallets?host=%2Frun%2Fpg',
    'postgres://me:secret@db/wallets?host=db,spare',
    `postgres://me:secret@${Array.from({ length: 9 }, (_, index) => `db${index}`)}/wallets`,
    'postgres://me:secret@db,spare/wallets?target_session_attrs=standby',
    'postgres://me:secret@db,spare/wallets?target_session_attrs=',
    'postgres://me:secret@db/%zz',
  ]) {
    t.equal(parseServerAddress(url), undefined, JSON.stringify(url))
  }
})

t.test('for people the address comes without user and password', async (t) => {
  t.equal(describeAddress(PLAIN), 'wallets at db:5432')
  t.equal(describeAddress({ ...PLAIN, host: '/run/pg' }), 'wallets at /run/pg')
  const others = [{ host: 'spare', port: 6543 }]
  t.equal(describeAddress({ ...PLAIN, others }), 'wallets at db:5432, spare:6543')
})
