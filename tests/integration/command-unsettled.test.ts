import { execFile } from 'node:child_process'
import { createServer } from 'node:http'
import { promisify } from 'node:util'
import t from 'tap'
import { commandIn, startCommandWorld } from '../support/command-world.ts'
import { MAYBE_WRITTEN, NOT_WRITTEN } from '../support/held-store.ts'
import { listenOnFreePort } from '../support/listen.ts'
import { freePort } from '../support/relay.ts'
import { launchWallet, runWallet } from '../support/service-process.ts'

const run = promisify(execFile)

/** As a person pastes it, with nothing of ours in the environment. */
async function paste(command: string): Promise<string> {
  const { stdout } = await run('env', ['-u', 'NODE_OPTIONS', '-u', 'npm_lifecycle_event', 'sh', '-c', command])
  return stdout
}

t.test('no final answer in time: the message has the command that finds out, and it happens once', async (t) => {
  const world = await startCommandWorld(t)
  const sender = "o'neil $(id)"
  await world.client.open(sender)
  await world.client.deposit(sender, 10)
  const reached = world.held.hold()
  const moving = world.run('transfer', sender, 'bob', '3', '--deadline', '2s')
  await reached
  const ended = await moving
  t.same([ended.code, ended.stdout], [3, ''])
  t.match(
    ended.stderr,
    /^wallet: no final answer from http:\S+ within 2 s \(at last: .+\)\. It may have been executed\. /,
  )
  world.held.release()

  const command = commandIn(ended)
  t.match(command, `'o'\\''neil $(id)' bob 3`)
  const said = await paste(command)
  t.match(said, /transferred 0.000003 dollars \(3 base units\) to bob; o'neil \$\(id\) (then had|has) 0.000007 dollars/)
  t.match(await paste(command), /^once, at 20\S+Z: transferred .+ then had 0.000007 dollars/)
  t.match((await world.client.wallet('bob')).body, { balance: 3, version: 1 })
})

t.test('what surely was not executed is said to be so, with the command that sends it again', async (t) => {
  const world = await startCommandWorld(t)
  world.held.fail(NOT_WRITTEN)
  const ended = await world.run('deposit', 'bob', '1.5usd', '--json', '--deadline', '1500ms')
  t.equal(ended.code, 1)
  t.match(ended.stderr, /\(at last: the answer was 503 DATABASE_UNAVAILABLE\)\. It was not executed\. /)
  t.match(
    commandIn(ended),
    new RegExp(`^node dist/cli/wallet.js deposit --transaction-id \\S{36} --url ${world.url} --json bob 1.5usd$`),
  )

  world.held.fail(MAYBE_WRITTEN)
  const maybe = await world.run('deposit', 'bob', '1.5usd', '--deadline', '1500ms')
  t.match([maybe.code, maybe.stderr], [3, 'OUTCOME_UNKNOWN). It may have been executed. '])
})

t.test('of a movement that was sent before, no failure says that it was not executed', async (t) => {
  const world = await startCommandWorld(t)
  const id = await world.client.newID('ann')
  world.held.fail(NOT_WRITTEN)
  const parameters = ['withdraw', 'ann', '1', '--transaction-id', id]
  const busy = await world.run(...parameters, '--deadline', '1500ms')
  t.match([busy.code, busy.stderr], [3, 'DATABASE_UNAVAILABLE). It may have been executed. '])

  const url = `http://127.0.0.1:${await freePort()}`
  const gone = await runWallet(t, [...parameters, '--url', url], { env: {} })
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
    // As npm does.
    setImmediate(() => child.kill(signal))
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

t.test('a service that goes away in the middle is waited for', async (t) => {
  const server = createServer((_request, response) => {
    const body = { transactionID: '0193cdb2-1d20-8a3f-9c41-5f0e6b7a8c9d', expiresAt: '2024-12-16T03:59:02.608558Z' }
    response.writeHead(201, { connection: 'close' }).end(JSON.stringify(body))
    server.close()
  })
  const env = { WALLET_URL: await listenOnFreePort(t, server) }
  const { code, stderr } = await runWallet(t, ['deposit', 'bob', '7', '--deadline', '1s'], { env })
  t.equal(code, 3)
  t.match(stderr, /^wallet: no final answer from .+ within 1 s \(at last: connect ECONNREFUSED .+\)\. It may have been/)
})
