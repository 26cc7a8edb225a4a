import { execFile } from 'node:child_process'
import { createServer } from 'node:http'
import { promisify } from 'node:util'
import t, { type Test } from 'tap'
import { freePort } from '../support/database/relay.ts'
import { listenOnFreePort } from '../support/listen.ts'
import { commandIn, startCommandWorld } from '../support/process/command-world.ts'
import { launchWallet, runWallet } from '../support/process/service-process.ts'

const run = promisify(execFile)

/** As a person pastes it, with nothing of ours in the environment. */
async function paste(command: string): Promise<string> {
  const { stdout } = await run('env', ['-u', 'NODE_OPTIONS', '-u', 'npm_lifecycle_event', 'sh', '-c', command])
  return stdout
}

/** Issues these transaction IDs, and has every movement come again in an hour: no deadline is waited for. */
async function startBusyService(t: Test, code: string, issue: () => Promise<string>): Promise<string> {
  const problem = { type: 'x', title: 'x', status: 503, code, detail: 'x', instance: 'x' }
  const server = createServer(async ({ method }, response) => {
    if (method === 'POST')
      response.writeHead(201).end(JSON.stringify({ transactionID: await issue(), expiresAt: '2024-12-17T03:59:02Z' }))
    else response.writeHead(503, { 'retry-after': '3600' }).end(JSON.stringify(problem))
  })
  return listenOnFreePort(t, server)
}

t.test('no final answer in time: the message has the command that finds out, and it happens once', async (t) => {
  const { client, url, run } = await startCommandWorld(t)
  const sender = "o'neil $(id)"
  await client.open(sender)
  await client.deposit(sender, 10)
  const busy = await startBusyService(t, 'OUTCOME_UNKNOWN', () => client.newID(sender))
  const ended = await run('transfer', sender, 'bob', '3', '--deadline', '20s', '--url', busy)
  t.same([ended.code, ended.stdout], [3, ''])
  t.match(
    ended.stderr,
    `wallet: no final answer from ${busy} within 20 s (last error: the answer was 503 OUTCOME_UNKNOWN). `,
  )
  t.match(ended.stderr, 'It may have been executed. To find out, and to have it done once, send it again:\n')

  const command = commandIn(ended).replace(busy, url)
  t.match(command, `'o'\\''neil $(id)' bob 3`)
  const said = 'transferred 0.000003 dollars (3 base units) to bob'
  t.equal(await paste(command), `${said}; ${sender} has 0.000007 dollars (7 base units)\n`)
  t.match(await paste(command), /^once, at 20\S+Z: transferred .+; o'neil \$\(id\) then had 0.000007 dollars/)
  t.match((await client.wallet('bob')).body, { balance: 3, version: 1 })
})

t.test('what surely was not executed is said to be so, unless it was sent before', async (t) => {
  const id = '0193cdb2-1d20-8a3f-9c41-5f0e6b7a8c9d'
  const busy = await startBusyService(t, 'OVERLOADED', async () => id)
  const env = { WALLET_URL: busy }
  const again = `node dist/cli/wallet.js deposit --transaction-id ${id} --url ${busy}`
  const first = await runWallet(t, ['deposit', 'bob', '1.5usd', '--json'], { env })
  t.equal(first.code, 1)
  t.match(first.stderr, '(last error: the answer was 503 OVERLOADED). It was not executed. ')
  t.equal(commandIn(first), `${again} --json bob 1.5usd`)

  const second = await runWallet(t, ['deposit', '--transaction-id', id, 'bob', '1.5usd'], { env })
  t.equal(second.code, 3)
  t.match(second.stderr, '(last error: the answer was 503 OVERLOADED). It may have been executed. ')
  t.equal(commandIn(second), `${again} bob 1.5usd`)

  const note = ['--reference', 'May, 2nd', '--metadata', 'k=v', '--metadata', 'a=b', '--if-version', '4']
  const noted = await runWallet(t, ['deposit', 'bob', '1', ...note, '--transaction-id', id], { env })
  const given = `--reference 'May, 2nd' --metadata k=v --metadata a=b --if-version 4 --url ${busy}`
  t.equal(commandIn(noted), `node dist/cli/wallet.js deposit --transaction-id ${id} ${given} bob 1`)

  const url = `http://127.0.0.1:${await freePort()}`
  const gone = await runWallet(t, ['withdraw', 'ann', '1', '--transaction-id', id, '--url', url], { env: {} })
  t.match([gone.code, gone.stderr], [3, /^wallet: no service answers at .+ It may have been executed\. /])
  t.equal(commandIn(gone), `node dist/cli/wallet.js withdraw --transaction-id ${id} --url ${url} ann 1`)
})

t.test('a movement is sent again with its ID as often as one likes, and is executed once', async (t) => {
  const { run, client } = await startCommandWorld(t)
  const id = await client.newID('ann')
  const first = await run('withdraw', 'ann', '2usd', '--transaction-id', id)
  t.match(first, { code: 0, stdout: /^withdrew 2 dollars .+; ann has 3 dollars / })
  await client.deposit('ann', 5)
  const again = await run('withdraw', 'ann', '2000000', '--transaction-id', id)
  t.match(again, { code: 0, stdout: /^once, at \S+Z: withdrew 2 dollars .+; ann then had 3 dollars / })
  t.match(await run('withdraw', 'ann', '1usd', '--transaction-id', id), { code: 1, stderr: 'TRANSACTION_ID_REUSED' })
  t.match((await client.wallet('ann')).body, { balance: 3_000_005 })
})

t.test('Ctrl-C ends what waits; a movement under way may have been executed, and is found out about', async (t) => {
  for (const [signal, code] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const) {
    const { held, env, client } = await startCommandWorld(t)
    const reached = held.hold()
    const { child, ended } = await launchWallet(t, ['deposit', 'bob', '7'], { env })
    await reached
    child.kill(signal)
    // npm sends what the terminal has sent already. Of two kinds, either may be handled first: threads take them as they come.
    child.kill(signal)
    const how = await ended
    t.same([how.code, how.stdout], [code, ''])
    t.match(how.stderr, /^wallet: interrupted\. It may have been executed\. /)
    held.release()
    t.match(await paste(commandIn(how)), /deposited 0.000007 dollars .+; bob (then had|has) 0.000007 dollars/)
    t.match((await client.wallet('bob')).body, { balance: 7, version: 1 })
  }
})

t.test('Ctrl-C while something is only read leaves nothing to find out', async (t) => {
  const { held, env } = await startCommandWorld(t)
  for (const command of ['balance', 'history']) {
    const reached = held.hold()
    const { child, ended } = await launchWallet(t, [command, 'bob'], { env })
    await reached
    child.kill('SIGINT')
    t.strictSame(await ended, { code: 130, signal: null, stdout: '', stderr: 'wallet: interrupted.\n' })
    held.release()
  }
})

t.test(
  'a service that goes away in the middle is waited for; code 3 only if it was sent anything of the movement',
  async (t) => {
    const body = { transactionID: '0193cdb2-1d20-8a3f-9c41-5f0e6b7a8c9d', expiresAt: '2024-12-16T03:59:02.608558Z' }
    for (const [last, code, says] of [
      [
        'POST',
        1,
        /^wallet: no final answer from .+ within 3 s \(last error: connect ECONNREFUSED .+\)\. It was not executed\. /,
      ],
      [
        'PUT',
        3,
        /^wallet: no final answer from .+ within 3 s \(last error: connect ECONNREFUSED .+\)\. It may have been /,
      ],
    ] as const) {
      const server = createServer(({ method, socket }, response) => {
        if (method === last) server.close()
        if (method === 'POST') response.writeHead(201, { connection: 'close' }).end(JSON.stringify(body))
        else socket.destroy()
      })
      const env = { WALLET_URL: await listenOnFreePort(t, server) }
      const ended = await runWallet(t, ['deposit', 'bob', '7', '--deadline', '3s'], { env })
      t.equal(ended.code, code, last)
      t.match(ended.stderr, says)
    }
  },
)
