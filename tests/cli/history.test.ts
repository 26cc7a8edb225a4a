import t from 'tap'
import { startLongHistory } from '../support/database/long-history.ts'
import { startCommandWorld } from '../support/process/command-world.ts'
import { runHere } from '../support/process/run-command-line.ts'

const PAGE_ROWS = 1000
const ID = '0193cdb2-1d20-8a3f-9c41-5f0e6b7a8c9d'

t.test('a history is a table, an array of what the service says, or csv', async (t) => {
  const { here: run, client } = await startCommandWorld(t)
  await run('open', '=1+1')
  await run('transfer', 'ann', '=1+1', '1.25usd')
  await run('withdraw', 'ann', '1')
  const { transactions } = JSON.parse((await client.history('ann')).text)
  const [withdrawal, transfer, deposit] = transactions

  const table = await run('history', 'ann')
  t.same([table.code, table.stderr], [0, ''])
  t.same(table.stdout.split('\n'), [
    'ID  TIME                         TYPE            DOLLARS   BALANCE  TRANSACTION ID                        WITH',
    ` 3  ${withdrawal.createdAt}  withdrawal    -0.000001  3.749999  ${withdrawal.transactionID}`,
    ` 2  ${transfer.createdAt}  transfer-out  -1.250000  3.750000  ${transfer.transactionID}  =1+1`,
    ` 1  ${deposit.createdAt}  deposit       +5.000000  5.000000  ${deposit.transactionID}`,
    '',
  ])
  const lines = transactions.map((each: object) => JSON.stringify(each)).join(',\n')
  for (const options of [['--json'], ['--format', 'json']])
    t.equal((await run('history', 'ann', ...options)).stdout, `[\n${lines}\n]\n`)
  t.same((await run('history', 'ann', '--format', 'csv')).stdout.split('\n'), [
    'id,transactionID,userID,type,amount,balance,passiveUserID,createdAt,reference',
    `3,${withdrawal.transactionID},ann,withdrawal,1,3749999,,${withdrawal.createdAt},`,
    `2,${transfer.transactionID},ann,transfer-out,1250000,3750000,'=1+1,${transfer.createdAt},`,
    `1,${deposit.transactionID},ann,deposit,5000000,5000000,,${deposit.createdAt},`,
    '',
  ])
})

t.test('references have a column once one is there, narrow a history, and are no formulas', async (t) => {
  const { here: run } = await startCommandWorld(t)
  t.notMatch((await run('history', 'ann')).stdout, 'REFERENCE')
  await run('deposit', 'ann', '1', '--reference', 'other')
  await run('transfer', 'ann', 'bob', '1', '--reference', '=a;=b', '--metadata', 'k=v')
  const lines = (await run('history', 'ann')).stdout.trimEnd().split('\n')
  t.match(lines, [/ WITH {2}REFERENCE$/, / bob {3}=a;=b$/, / other$/, /deposit .{58,}$/])
  t.match((await run('history', 'ann', '--format', 'csv')).stdout.split('\n'), [
    /,reference$/,
    /,bob,[^,]+,'=a;'=b$/,
    /,other$/,
    /Z,$/,
  ])
  const found = async (user: string, reference: string) =>
    JSON.parse((await run('history', user, '--reference', reference, '--json')).stdout)
  t.match(await found('ann', '=a;=b'), [{ id: 3, reference: '=a;=b', metadata: { k: 'v' } }])
  t.equal((await found('ann', 'other')).length, 1)
  t.notHas((await found('bob', '=a;=b'))[0], 'metadata')
  t.strictSame(await found('ann', 'none'), [])
})

t.test('a history without transactions is empty in every format', async (t) => {
  const { here: run } = await startCommandWorld(t)
  t.match(await run('history', 'bob'), { code: 0, stdout: /^ID [^\n]+\n$/, stderr: 'There are no transactions.\n' })
  t.match(await run('history', 'bob', '--json'), { code: 0, stdout: /^\[\]\n$/, stderr: '' })
  t.match(await run('history', 'bob', '--format', 'csv'), { code: 0, stdout: /^id,[^\n]+\n$/, stderr: '' })
})

t.test('types and times narrow a history', async (t) => {
  const { here: run, client } = await startCommandWorld(t)
  await run('transfer', 'ann', 'bob', '1')
  await run('withdraw', 'bob', '1')
  const ids = async (...options: string[]) =>
    JSON.parse((await run('history', ...options, '--json')).stdout).map(({ id }: { id: number }) => id)
  t.same(await ids('ann', '--type', 'transfer-out'), [2])
  t.same(await ids('ann', '--type', 'transfer-out', '--type', 'deposit'), [2, 1])
  t.same(await ids('bob', '--type', 'transfer-in'), [1])
  t.same(await ids('--type', 'withdrawal', 'bob'), [2])
  const { transactions } = JSON.parse((await client.history('ann')).text)
  const [second, first] = transactions.map(({ createdAt }: { createdAt: string }) => createdAt)
  t.same(await ids('ann', '--after', first), [2])
  t.same(await ids('ann', '--from', first), [2, 1])
  t.same(await ids('ann', '--from', second), [2])
  t.same(await ids('ann', '--before', second), [1])
  t.same(await ids('ann', '--after', first, '--before', second), [])
})

t.test(
  '--limit is the number of rows in all, 100 unless told otherwise; the table says where there are more',
  async (t) => {
    const { asked, env } = await startLongHistory(t)
    const more = 'There are more: --limit or --all shows them.\n'
    for (const [options, limits, said] of [
      [[], ['100'], more],
      [['--limit', '1'], ['1'], more],
      [['--limit', '2300'], ['1000', '1000', '300'], more],
      [['--limit', '2000', '--json'], ['1000', '1000'], ''],
    ] as const) {
      asked.length = 0
      const { code, stdout, stderr } = await runHere(['history', 'ann', ...options], env)
      t.same([code, stderr], [0, said])
      t.same(
        asked.map((query) => query.get('limit')),
        limits,
      )
      const rows = limits.reduce((sum, limit) => sum + Number(limit), 0)
      t.equal(stdout.match(new RegExp(ID, 'g'))?.length, rows)
      t.equal(new Set(stdout.match(/90071992547\d{5}/g)).size, rows, 'each of them once')
      if (stdout.startsWith('[')) t.equal(JSON.parse(stdout).length, rows)
    }
  },
)

t.test('a history of several pages is all there with --all, in every format', async (t) => {
  const { here: run, client } = await startCommandWorld(t)
  const rows = 2 * PAGE_ROWS + 2
  await Promise.all(Array.from({ length: rows - 1 }, () => client.deposit('ann', 1)))
  const ids = Array.from({ length: rows }, (_, index) => rows - index)
  const firsts = (text: string, line: RegExp) => [...text.matchAll(line)].map(([, id]) => Number(id))
  t.same(firsts((await run('history', 'ann', '--all')).stdout, /^ *(\d+) /gm), ids)
  t.same(firsts((await run('history', 'ann', '--all', '--format', 'csv')).stdout, /^(\d+),/gm), ids)
  const { stdout } = await run('history', 'ann', '--all', '--json')
  t.same(
    JSON.parse(stdout).map(({ id }: { id: number }) => id),
    ids,
  )
})

t.test('a history that breaks off says so, with another code than that of a whole one', async (t) => {
  const { env } = await startLongHistory(t, 2)
  const { code, stdout, stderr } = await runHere(['history', 'ann', '--all', '--json'], env)
  t.equal(code, 1)
  t.equal(stdout.match(new RegExp(ID, 'g'))?.length, 2 * PAGE_ROWS)
  t.throws(() => JSON.parse(stdout), 'what is there is not taken for the whole')
  t.match(stderr, /^wallet: no final answer from \S+ within 30 s \(last error: the answer was 503\)\.\n$/)
})
