import { execFileSync } from 'node:child_process'
import t from 'tap'
import { calledAs, commandLine } from '../../cli/command-line.ts'
import { WRITERS } from '../../cli/history-formats.ts'
import { stripControlCharacters } from '../../cli/output.ts'
import type { Format } from '../../cli/parameters.ts'
import { createTable } from '../../cli/table.ts'
import type { Transaction } from '../../client/client.ts'

const transaction = (changes: Partial<Transaction> = {}): Transaction => ({
  ...{ id: 2, transactionID: '0193cdb2-1d20-8a3f-9c41-5f0e6b7a8c9d', userID: 'ann', type: 4, amount: 1_250_000n },
  ...{ balance: 3_750_000n, passiveUserID: 'bob', createdAt: '2024-12-16T03:59:02.608558Z' },
  ...changes,
})

function written(format: Format, ...pages: Transaction[][]): string {
  const writer = WRITERS[format]()
  return pages.map((page, index) => writer.page(page, index === pages.length - 1)).join('')
}

t.test('text of others does not steer a terminal, nor turn around what stands beside it', async (t) => {
  t.equal(stripControlCharacters('a\x1b[2Jb\r\n\x07\x9bc'), 'a�[2Jb���' + '�c')
  t.equal(stripControlCharacters('ann\u202Ednob\u2066\u200F'), 'ann�dnob��')
  t.equal(stripControlCharacters('名前 👩‍👧 é'), '名前 👩‍👧 é')
  t.match(written('table', [transaction({ passiveUserID: 'x\x1b]0;y\x07' })]), 'x�]0;y�')
})

t.test('columns line up, whatever the width of what is in them', async (t) => {
  const lay = createTable<readonly [string, string]>([
    { title: 'USER', align: 'left', cell: ([user]) => user },
    { title: 'N', align: 'right', cell: ([, count]) => count },
    { title: 'END', align: 'left', cell: () => '|' },
  ])
  const first = lay([
    ['名前です', '1'],
    ['ann', '22'],
    ['é👍', '3'],
  ])
  t.equal(first, 'USER       N  END\n名前です   1  |\nann       22  |\né👍        3  |\n')
  t.equal(lay([['bob', '333']]), 'bob       333  |\n', 'a later page has no titles, and no column is narrower')
})

t.test('json is one array, however many pages it comes in', async (t) => {
  t.same(JSON.parse(written('json', [])), [])
  t.same(JSON.parse(written('json', [transaction()])), [{ ...transaction(), amount: 1_250_000, balance: 3_750_000 }])
  const pages = [[transaction({ id: 3 }), transaction()], [transaction({ id: 1 })], []]
  t.same(
    JSON.parse(written('json', ...pages)).map(({ id }: { id: number }) => id),
    [3, 2, 1],
  )
})

const HEADER = 'id,transactionID,userID,type,amount,balance,passiveUserID,createdAt,reference\n'

t.test('csv has one header line, and quotes what needs it', async (t) => {
  t.equal(written('csv', []), HEADER)
  const text = written(
    'csv',
    [transaction({ passiveUserID: 'a"b,c' })],
    [transaction({ passiveUserID: null, type: 2 })],
  )
  const [common, end] = ['2,0193cdb2-1d20-8a3f-9c41-5f0e6b7a8c9d,ann', '2024-12-16T03:59:02.608558Z']
  t.equal(
    text,
    `${HEADER}${common},transfer-out,1250000,3750000,"a""b,c",${end},\n${common},withdrawal,1250000,3750000,,${end},\n`,
  )
})

t.test('no spreadsheet takes a user ID in csv for a formula, with whichever separator', async (t) => {
  for (const [passiveUserID, field] of [
    ["=cmd|' /C calc'!A1", `'=cmd|' /C calc'!A1`],
    ['+1', `'+1`],
    ['-1', `'-1`],
    ['@SUM(A1)', `'@SUM(A1)`],
    ['＝1+1', `'＝1+1`],
    ['x;=1+1', `x;'=1+1`],
    ['x; "=1+1', `"x;' ""=1+1"`],
    ['a;b', 'a;b'],
  ] as const) {
    const [, row = ''] = written('csv', [transaction({ passiveUserID })]).split('\n')
    t.match(row, `,3750000,${field},2024`)
    t.match(written('csv', [transaction({ userID: passiveUserID })]), `,${field},transfer-out`)
  }
})

t.test('a command line that is shown says the same to a shell', async (t) => {
  const parameters = ['o\'neil $(id) `id` \\ "', '-x', '名前', '1.25usd', '*', 'a;b', '~', '']
  const line = commandLine('transfer', ['--json'], parameters).replace(calledAs(), "printf '%s\\n'")
  t.same(execFileSync('sh', ['-c', line], { encoding: 'utf8' }).split('\n').slice(0, -1), [
    ...['transfer', '--json', '--'],
    ...parameters,
  ])
})

t.test('a message names the command as the person called it', async (t) => {
  t.equal(calledAs({ npm_lifecycle_event: 'npx' }, '/x/.bin/wallet'), 'npx wallet')
  t.equal(calledAs({ npm_lifecycle_event: 'wallet' }, '/x/dist/cli/wallet.js'), 'npm run wallet --')
  t.equal(calledAs({}, '/usr/local/bin/wallet'), 'wallet')
  t.equal(calledAs({ npm_lifecycle_event: 'test' }, `${process.cwd()}/dist/cli/wallet.js`), 'node dist/cli/wallet.js')
})
