import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { calledAs } from '../../cli/command-line.ts'
import { createWalletClient } from '../../client/client.ts'
import { freePort } from '../support/database/relay.ts'
import { createHeldStore, MAYBE_WRITTEN, NOT_WRITTEN } from '../support/http/held-store.ts'
import { listen, settableClock, startHTTP, TTL } from '../support/http/http.ts'
import { runHere } from '../support/process/run-command-line.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const FILE = 'pay.csv'

/** A service, the wallets of a company with 10 dollars and of two who may be paid, and a folder for the payments. */
async function setUp(t: Test) {
  const clock = settableClock()
  const held = createHeldStore(clock)
  const http = await startHTTP(t, { clock, store: held.store })
  const { port } = await listen(t, http)
  const url = `http://127.0.0.1:${port}`
  const client = createWalletClient({ url })
  for (const user of ['company', 'ann', 'bob, jr.']) await client.open(user)
  await client.deposit({ to: 'company', amount: 10_000_000 })
  const folder = await temporaryFolder(t)
  const file = join(folder, FILE)
  return {
    ...{ client, clock, held, file, url, ids: `${file}.ids` },
    files: () => readdir(folder),
    write: (...lines: readonly string[]) => writeFile(file, lines.join('\n')),
    pay: (...options: readonly string[]) =>
      runHere(['pay', file, ...(options.includes('--from') ? [] : ['--from', 'company']), ...options], {
        WALLET_URL: url,
      }),
    again: `\n  ${calledAs()} pay --from company --url ${url} ${file}\n`,
  }
}

t.test('each line is paid, and once, however often the command is given', async (t) => {
  const { write, pay, client, files } = await setUp(t)
  await write(
    '\uFEFFUser,Amount,Reference',
    '',
    'ann,1.25usd,May',
    ' "bob, jr." , 250000 ',
    ',,',
    'ann,1.25usd,May',
    '',
  )
  const paid = 'paid 3 of 3 lines: 2.75 dollars (2750000 base units) from company'
  t.strictSame(await pay(), { code: 0, stdout: `${paid}\n`, stderr: '' })
  t.strictSame(await pay(), { code: 0, stdout: `${paid}, 3 of them in an earlier run\n`, stderr: '' })
  const { transactions } = await client.page('ann')
  t.match(transactions, [
    { amount: 1_250_000n, reference: 'May' },
    { amount: 1_250_000n, reference: 'May' },
  ])
  t.equal(transactions.length, 2, 'two lines that say the same are two payments')
  t.match(await client.page('bob, jr.'), { transactions: [{ amount: 250_000n }] })
  t.match(await client.wallet('company'), { balance: 7_250_000n, version: 4 })
  t.strictSame(await files(), [FILE, `${FILE}.ids`], 'nothing else is left behind')
})

t.test('every wrong line is named before anything is done', async (t) => {
  const { write, pay, client, file, files } = await setUp(t)
  await write(
    ...['user,amount', 'ann,1', 'ann', 'ann,1,a,b', '.,1', 'ann,1.5', 'ann,0', `ann,1,${'x'.repeat(65)}`],
    ...['company,1', '', 'user,amount', 'ann\x1b,1'],
  )
  const { code, stdout, stderr } = await pay()
  t.same([code, stdout], [2, ''])
  t.match(stderr.replaceAll(file, FILE).trimEnd().split('\n'), [
    'wallet: nothing was paid.',
    /^ {2}pay.csv:3: "ann"; expected user,amount,reference$/,
    /^ {2}pay.csv:4: "ann,1,a,b"; expected user,amount,reference$/,
    /^ {2}pay.csv:5: the user is "."; expected 1 to 128 characters/,
    /^ {2}pay.csv:6: the amount is "1.5"; expected whole base units \(1250000\) or dollars/,
    /^ {2}pay.csv:7: the amount is "0"; expected/,
    /^ {2}pay.csv:8: the reference is "x{65}"; expected 1 to 64 characters/,
    /^ {2}pay.csv:9: the user is the one who pays$/,
    /^ {2}pay.csv:11: the user is "user"|the amount is "amount"; expected/,
    /^ {2}pay.csv:12: the user is "ann\\u001b"; expected/,
  ])
  await write(...Array.from({ length: 50 }, () => 'ann'))
  t.match((await pay()).stderr, /:20: [^\n]+\n {2}and 30 more\n$/)
  for (const [text, wrong] of [
    ['', /pay.csv has no payments\n$/],
    ['user,amount', /pay.csv has no payments\n$/],
    ['ann,"1', /^wallet: nothing was paid: \S+pay.csv is no CSV: Quote Not Closed: .+ at line 1\n$/],
  ] as const) {
    await write(text)
    t.match(await pay(), { code: 2, stdout: '', stderr: wrong })
  }
  t.match(await client.wallet('company'), { version: 1 })
  t.strictSame(await files(), [FILE])
})

t.test('what is refused is listed, with what to do about it; the rest is paid', async (t) => {
  const { write, pay, client } = await setUp(t)
  await write('no one,1,x', 'ann,20usd', 'ann,4usd', 'no one,2', '"bob, jr.",7usd')
  const first = await pay()
  t.match(first, {
    code: 1,
    stderr: /^wallet: 4 lines were refused for good\. Once the cause is fixed, pay from a new file\.\n$/,
  })
  t.strictSame(first.stdout.split('\n'), [
    'LINE  USER      CODE',
    '   1  no one    PASSIVE_WALLET_NOT_FOUND',
    '   2  ann       INSUFFICIENT_BALANCE',
    '   4  no one    PASSIVE_WALLET_NOT_FOUND',
    '   5  bob, jr.  INSUFFICIENT_BALANCE',
    'paid 1 of 5 lines: 4 dollars (4000000 base units) from company',
    '',
  ])
  await client.open('no one')
  t.match(await pay(), { code: 1, stdout: /paid 1 of 5 lines: .+, 1 of them in an earlier run\n$/ }, 'it stays refused')
  t.match(await client.wallet('company'), { balance: 6_000_000n })
})

t.test('what was refused before anything was looked at is paid by the next run', async (t) => {
  const { write, pay, client, file, again } = await setUp(t)
  await write('ann,1', '"bob, jr.",2')
  const poor = await pay('--from', 'newcomer')
  t.match(poor, { code: 1, stdout: /^LINE .+\n +1 .+WALLET_NOT_FOUND\n +2 .+WALLET_NOT_FOUND\npaid 0 of 2 lines\n$/ })
  t.equal(
    poor.stderr,
    `wallet: 2 lines were refused. Once the cause is fixed, run this again:${again.replace('company', 'newcomer')}`,
  )
  await client.open('newcomer')
  await client.deposit({ to: 'newcomer', amount: 3 })
  t.match(await pay('--from', 'newcomer'), { code: 0, stdout: /^paid 2 of 2 lines: / })
  t.match(await readFile(`${file}.ids`, 'utf8'), /^\{"from":"newcomer","payments":2\}\n/)
})

t.test('a file whose payments have begun must stay as it is, and is told how it was', async (t) => {
  const { write, pay, client, ids, file } = await setUp(t)
  const lines = ['ann,1usd,May', '"bob, jr.",2usd']
  await write(...lines)
  await pay()
  const before = await client.wallet('company')
  for (const [changed, options, says] of [
    [['ann,1usd,May', '"bob, jr.",3usd'], [], 'line 2 was bob, jr.,2000000, and is bob, jr.,3000000.'],
    [['ann,1usd,June', '"bob, jr.",2usd'], [], 'line 1 was ann,1000000,May, and is ann,1000000,June.'],
    [['"bob, jr.",2usd', 'ann,1usd,May'], [], 'line 1 was ann,1000000,May, and is bob, jr.,2000000.'],
    [[...lines, 'ann,1usd'], [], 'it had 2 payments, and has 3 now.'],
    [lines.slice(1), [], 'it had 2 payments, and has 1 now.'],
    [lines, ['--from', 'ann2'], '--from was company, and is ann2 now.'],
  ] as const) {
    await write(...changed)
    const { code, stdout, stderr } = await pay(...options)
    t.same([code, stdout], [2, ''])
    t.equal(
      stderr,
      `wallet: nothing was paid now: ${file} is not what it was when its payments began: ${says} Undo that to go on. ` +
        `What is new goes into a file of its own. Keep ${ids}: without it, what was paid is paid again.\n`,
    )
  }
  t.strictSame(await client.wallet('company'), before)
  await write('user,amount,reference', '', 'ann,1000000,May', '', '"bob, jr.",2.00usd,')
  t.match(await pay(), { code: 0 }, 'the same payments written in another way')
  t.strictSame(await client.wallet('company'), before)
})

t.test('IDs that are not as they were written pay no one', async (t) => {
  const { write, pay, client, ids } = await setUp(t)
  await write('ann,1', '"bob, jr.",2')
  await pay()
  const whole = await readFile(ids, 'utf8')
  const [head = '', ...lines] = whole.split('\n')
  for (const damaged of ['', 'x', head, `${head}\n`, whole.slice(0, -2), whole.slice(0, -1), `${lines.join('\n')}`]) {
    await writeFile(ids, damaged)
    t.match(await pay(), { code: 2, stdout: '', stderr: /\.ids is not as this command wrote it\. / }, damaged)
  }
  t.match(await client.wallet('company'), { version: 3 })
})

t.test('at another service nothing is paid, and no one is told to pay from a new file', async (t) => {
  const { write, pay, ids, client } = await setUp(t)
  await write('ann,1')
  await pay()
  // As the key of another service would have signed it; those of tests share theirs.
  const [head, line = ''] = (await readFile(ids, 'utf8')).split('\n')
  const { transactionID, ...payment } = JSON.parse(line)
  const foreign = transactionID.replace(/.$/, transactionID.endsWith('0') ? '1' : '0')
  await writeFile(ids, `${head}\n${JSON.stringify({ ...payment, transactionID: foreign })}\n`)
  const { code, stdout, stderr } = await pay()
  t.equal(code, 3)
  t.match(stdout, /^LINE .+\n +1 {2}ann +TRANSACTION_ID_UNKNOWN\npaid 0 of 1 line\n$/)
  t.match(
    stderr,
    /^wallet: 1 line was refused, and may have been paid elsewhere\. Is \S+ the service that issued the IDs in /,
  )
  t.match(await client.wallet('ann'), { version: 1 })
})

t.test('two who pay the same file at once pay each line once', async (t) => {
  const { write, pay, client, files } = await setUp(t)
  const lines = Array.from({ length: 250 }, (_, index) => `ann,${index + 1}`)
  await write(...lines)
  const ends = await Promise.all([pay(), pay(), pay()])
  for (const { code, stdout } of ends) t.match([code, stdout], [0, /^paid 250 of 250 lines: /])
  t.match(await client.wallet('ann'), { version: 250, balance: BigInt((250 * 251) / 2) })
  t.strictSame(await files(), [FILE, `${FILE}.ids`])
})

t.test('no service there: nothing is paid, and nothing kept', async (t) => {
  const { write, pay, files } = await setUp(t)
  await write('ann,1')
  const ended = await pay('--url', `http://127.0.0.1:${await freePort()}`)
  t.match(ended, { code: 1, stdout: '', stderr: /^wallet: no service answers at .+ Nothing was paid\.\n$/ })
  t.strictSame(await files(), [FILE])
})

t.test('without a final answer it says what is known, and how to go on', async (t) => {
  for (const failure of [NOT_WRITTEN, MAYBE_WRITTEN]) {
    const { write, pay, held, again, client } = await setUp(t)
    await write('ann,1', '"bob, jr.",2')
    held.fail(failure)
    const ended = await pay('--deadline', '1s')
    t.same([ended.code, ended.stdout], [3, 'paid 0 of 2 lines\n'])
    t.match(ended.stderr, /^wallet: no final answer from \S+ within 1 s \(last error: .+\)\. /)
    t.match(ended.stderr, `To go on, run this again; each line is paid once:${again}`)
    t.match(await pay('--deadline', '1s'), { code: 3 }, 'of the run before nothing is known')
    void held.hold()
    held.release()
    t.match(await pay(), { code: 0, stdout: /^paid 2 of 2 lines: / })
    t.match(await client.wallet('ann'), { balance: 1n, version: 1 })
  }
})

t.test('lines that come too late for their IDs are refused, and not paid under others', async (t) => {
  const { write, pay, held, client, clock } = await setUp(t)
  await write('ann,1', '"bob, jr.",2')
  held.fail(NOT_WRITTEN)
  await pay('--deadline', '1s')
  void held.hold()
  held.release()
  clock.move(TTL)
  for (const _ of [1, 2]) {
    const { code, stdout, stderr } = await pay()
    t.equal(code, 1)
    t.match(stdout, / 1 {2}ann +TRANSACTION_ID_EXPIRED\n +2 {2}bob, jr\. +TRANSACTION_ID_EXPIRED\npaid 0 of 2 lines\n$/)
    t.match(stderr, /^wallet: 2 lines were refused for good\. Once the cause is fixed, pay from a new file\.\n$/)
  }
  t.match(await client.wallet('company'), { version: 1 })
})

t.test(
  'lines whose IDs are retired may have been paid: a person must look, and none is paid under another ID',
  async (t) => {
    const { write, pay, held, client } = await setUp(t)
    await write('ann,1', '"bob, jr.",2')
    held.fail(NOT_WRITTEN)
    await pay('--deadline', '1s')
    void held.hold()
    held.release()
    held.beginEpoch()
    for (const _ of [1, 2]) {
      const { code, stdout, stderr } = await pay()
      t.equal(code, 3)
      t.match(
        stdout,
        / 1 {2}ann +TRANSACTION_ID_RETIRED\n +2 {2}bob, jr\. +TRANSACTION_ID_RETIRED\npaid 0 of 2 lines\n$/,
      )
      t.match(
        stderr,
        /^wallet: 2 lines were refused, and may have been paid before the ledger was restored\. Look into your own records/,
      )
    }
    t.match(await client.wallet('company'), { version: 1 })
  },
)
