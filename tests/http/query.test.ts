import t from 'tap'
import { startHTTP } from '../support/http/http.ts'
import { isProblem } from '../support/http/problem.ts'
import { createWalletClient, openWith, walletPath } from '../support/http/wallet-client.ts'

const NO_INTEGERS = ['', '%20', '0x10', '1e2', '%205', '5%20', '+5', '05', '5.0', '-1', '-0', 'NaN', 'null', 'true']
const NO_INTEGER_EITHER = ['1_000', '[5]', '５', '%00', '5%00', '%ff', '%ZZ', '9007199254740993', '1'.repeat(400)]
const NO_INSTANTS = [
  '',
  '2024',
  '0',
  '2024-12-16',
  '2024-12-16T03:59:02',
  '2024-12-16%2003:59:02Z',
  '2024-12-16T03:59Z',
  '2024-12-16T03:59:02.Z',
  '2024-12-16T03:59:02.1234567890Z',
  '2024-12-16T03:59:02+0100',
  '2024-12-16T03:59:02%2B01',
  '2024-12-16T03:59:02%2B24:00',
  '2024-12-16T03:59:02+01:00',
  '2024-13-01T00:00:00Z',
  '2024-02-30T00:00:00Z',
  '2023-02-29T00:00:00Z',
  '2024-00-10T00:00:00Z',
  '2024-01-00T00:00:00Z',
  '2024-01-01T24:00:00Z',
  '2024-01-01T00:60:00Z',
  '2024-01-01T00:00:61Z',
  '+002024-01-01T00:00:00Z',
  '2024-01-01T00:00:00Z%0A',
  '%EF%BC%92024-01-01T00:00:00Z',
  'yesterday',
]

t.test('a query parameter that is not written as it must be is turned down and named', async (t) => {
  const { send } = await startHTTP(t)
  const client = createWalletClient(send)
  await openWith(client, 'ann', 1)
  const cases: [string, readonly string[]][] = [
    ['limit', [...NO_INTEGERS, ...NO_INTEGER_EITHER, '0', '1001', '9007199254740991']],
    ['IDBefore', [...NO_INTEGERS, ...NO_INTEGER_EITHER, '0', '9007199254740992']],
    ['type', [...NO_INTEGERS, ...NO_INTEGER_EITHER, '0', '5', '1,2', 'Deposit']],
    ['createdBefore', NO_INSTANTS],
    ['createdAfter', NO_INSTANTS],
    ['createdFrom', NO_INSTANTS],
  ]
  for (const [name, values] of cases) {
    for (const value of values) {
      const answer = await client.history('ann', `?${name}=${encodeURI(value).replaceAll('%25', '%')}`)
      isProblem(t, answer, 'INVALID_REQUEST', name === 'type' ? undefined : [`/${name}`], `${name}=${value}`)
    }
  }
})

t.test('a parameter that may stand once may not stand twice, not even with the same value', async (t) => {
  const { send } = await startHTTP(t)
  const client = createWalletClient(send)
  await openWith(client, 'ann', 1)
  const at = '2024-01-01T00:00:00Z'
  for (const [name, value] of [
    ['limit', '5'],
    ['IDBefore', '5'],
    ['createdBefore', at],
    ['createdAfter', at],
    ['createdFrom', at],
  ] as const) {
    const answer = await client.history('ann', `?${name}=${value}&${name}=${value}`)
    isProblem(t, answer, 'INVALID_REQUEST', [`/${name}`], name)
  }
  t.equal((await client.history('ann', '?type=1&type=1&type=4')).status, 200, 'type may')
  isProblem(t, await client.history('ann', `?type=${Array(17).fill('1').join('&type=')}`), 'INVALID_REQUEST', ['/type'])
})

t.test('an unknown parameter is turned down on every route', async (t) => {
  const { send } = await startHTTP(t)
  const client = createWalletClient(send)
  await openWith(client, 'ann', 1)
  for (const name of ['Limit', 'idBefore', 'offset', 'constructor', '__proto__', 'toString', 'limit[]', 'type[0]']) {
    isProblem(t, await client.history('ann', `?${name}=1`), 'INVALID_REQUEST', [`/${name}`], name)
  }
  isProblem(t, await client.history('ann', '?a%2Fb%7Ec=1'), 'INVALID_REQUEST', ['/a~1b~0c'])
  for (const query of ['?=', '?=1', '?limit', '?limit=1&', '?limit=1?', '?&&x']) {
    const { status } = await client.history('ann', query)
    t.equal(status, query === '?limit=1&' ? 200 : 400, query)
  }
  const transactionID = await client.newID('ann')
  const body = { amount: 1, transactionID }
  for (const [method, path, payload] of [
    ['GET', walletPath('ann'), undefined],
    ['PUT', walletPath('ann'), undefined],
    ['POST', `${walletPath('ann')}/transactionID`, undefined],
    ['GET', `${walletPath('ann')}/transactionID/${transactionID}`, undefined],
    ['PUT', `${walletPath('ann')}/deposit`, body],
    ['PUT', `${walletPath('ann')}/withdraw`, body],
    ['PUT', `${walletPath('ann')}/transfer`, { ...body, passiveUserID: 'bob' }],
  ] as const) {
    const answer = await send({ method, path: `${path}?dryRun=1`, body: payload })
    isProblem(t, answer, 'INVALID_REQUEST', ['/dryRun'], `${method} ${path}`)
  }
  t.equal((await client.status('ann', transactionID)).body.status, 'unused')
})

t.test('the widest bounds are taken', async (t) => {
  const { send } = await startHTTP(t)
  const client = createWalletClient(send)
  await openWith(client, 'ann', 1)
  for (const query of [
    'limit=1',
    'limit=1000',
    'IDBefore=1',
    'IDBefore=9007199254740991',
    'type=1&type=2&type=3&type=4',
    'createdAfter=0000-01-01T00:00:00%2B23:59',
    'createdFrom=0000-01-01T00:00:00%2B23:59',
    'createdBefore=9999-12-31T23:59:60.999999999-23:59',
    'createdBefore=2024-02-29t00:00:00.1z',
    'lim%69t=5',
    '',
  ]) {
    t.equal((await client.history('ann', `?${query}`)).status, 200, query)
  }
})
