import t, { type Test } from 'tap'
import { startCommandWorld } from '../support/process/command-world.ts'

const PAGE_ROWS = 1000

async function setUp(t: Test) {
  const { here: run, client } = await startCommandWorld(t)
  const asExported = (text: string) =>
    text
      .trimEnd()
      .split('\n')
      .filter((line) => line !== '')
  const cursorIn = (stderr: string) => /^\d+ transactions\. The feed goes on with\n([\w-]+)\n$/.exec(stderr)?.[1] ?? ''
  return { run, client, asExported, cursorIn }
}

t.test('every transaction of every wallet is a line, as the service says it, oldest first', async (t) => {
  const { run, client, asExported } = await setUp(t)
  await run('transfer', 'ann', 'bob', '2', '--reference', 'rent', '--metadata', 'flat=3')
  const exported = await run('export')
  t.equal(exported.code, 0)
  const [ann, bob] = await Promise.all(
    ['ann', 'bob'].map(async (user) => JSON.parse((await client.history(user)).text)),
  )
  t.strictSame(
    asExported(exported.stdout).map((line) => JSON.parse(line)),
    [ann.transactions[1], ann.transactions[0], bob.transactions[0]],
  )
  t.match(exported.stderr, /^3 transactions\. The feed goes on with\n[\w-]+\n$/)
})

t.test('the cursor at its end is where the next export begins', async (t) => {
  const { run, asExported, cursorIn, client } = await setUp(t)
  const ids = await client.newIDs('ann', PAGE_ROWS)
  for (let begin = 0; begin < ids.length; begin += 500)
    await client.list(
      ids.slice(begin, begin + 500).map((transactionID) => ({ userID: 'ann', type: 1, amount: 1, transactionID })),
    )
  const first = await run('export')
  t.equal(asExported(first.stdout).length, PAGE_ROWS + 1, 'more than a page')
  const nothing = await run('export', '--after', cursorIn(first.stderr))
  t.strictSame([nothing.code, nothing.stdout], [0, ''])
  t.equal(cursorIn(nothing.stderr), cursorIn(first.stderr))
  await run('withdraw', 'ann', '1')
  const second = await run('export', '--after', cursorIn(first.stderr))
  t.match(
    asExported(second.stdout).map((line) => JSON.parse(line)),
    [{ userID: 'ann', id: PAGE_ROWS + 2, type: 2 }],
  )
})

t.test('csv has the columns of a history', async (t) => {
  const { run, client } = await setUp(t)
  const { transactions } = JSON.parse((await client.history('ann')).text)
  t.equal(
    (await run('export', '--format', 'csv')).stdout,
    `id,transactionID,userID,type,amount,balance,passiveUserID,createdAt,reference\n` +
      `1,${transactions[0].transactionID},ann,deposit,5000000,5000000,,${transactions[0].createdAt},\n`,
  )
})

t.test('what is no cursor, or none of this ledger, is said to be so', async (t) => {
  const { run } = await setUp(t)
  t.match(await run('export', '--after', 'a b'), {
    code: 2,
    stderr: /--after is "a b"; expected the cursor that an export/,
  })
  t.match(await run('export', '--after', 'abc'), {
    code: 1,
    stdout: '',
    stderr: /^wallet: INVALID_REQUEST: .*\/after: must be a cursor/,
  })
  t.match(await run('export', '--format', 'xml'), { code: 2, stderr: /--format is "xml"; expected ndjson, csv/ })
})
