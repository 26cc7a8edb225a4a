import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import t, { type Test } from 'tap'
import { auditLedger } from '../../audit/audit.ts'
import { createWalletClient } from '../../client/client.ts'
import type { ServerAddress } from '../../db/address.ts'
import { administer } from '../support/database/database.ts'
import { startFaultWorld } from '../support/faults/fault-world.ts'
import { listenOnFreePort } from '../support/listen.ts'
import { launchWallet, type Started } from '../support/process/service-process.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const USERS = 1000
const PAY = 1_250_000
const FROM = 'treasury'
const ALL = `paid ${USERS} of ${USERS} lines: 1250 dollars (1250000000 base units) from ${FROM}`

/** What becomes of a list, or of a request for IDs, by its place among them, from 1: it may be sent on, and is answered with what that gave. */
type Fate = (place: number, send: () => Promise<Response | undefined>) => Promise<Response | undefined>
const PASS: Fate = (_, send) => send()

/** A service, wallets, a file that pays them, and what stands between the service and those who pay. */
async function setUp(t: Test) {
  const { database, service } = await startFaultWorld(t)
  const client = createWalletClient({ url: service.url })
  const users = Array.from({ length: USERS }, (_, index) => `employee-${index + 1}`)
  await Promise.all([FROM, ...users].map((user) => client.open(user)))
  await client.deposit({ to: FROM, amount: PAY * USERS })
  const file = join(await temporaryFolder(t), 'pay.csv')
  await writeFile(file, users.map((user) => `${user},${PAY}\n`).join(''))

  const fates = { ids: PASS, lists: PASS }
  const seen = { ids: 0, lists: 0 }
  const server = createServer(async (request, response) => {
    const { url = '', method = '' } = request
    const body = await text(request)
    const kind = method === 'POST' ? 'ids' : 'lists'
    seen[kind] += 1
    const headers = { 'content-type': 'application/json' }
    const send = () => fetch(`${service.url}${url}`, { method, headers, body }).catch(() => undefined)
    const answer = await fates[kind](seen[kind], send)
    const said = await answer?.text().catch(() => undefined)
    if (answer === undefined || said === undefined) response.destroy()
    else response.writeHead(answer.status, headers).end(said)
  })
  const env = { WALLET_URL: await listenOnFreePort(t, server) }
  const pay = (): Promise<Started> => launchWallet(t, ['pay', file, '--from', FROM, '--deadline', '5m'], { env })
  return {
    ...{ database, service, client, file, pay },
    /** From now on, counted anew. */
    meet(kind: 'ids' | 'lists', fate: Fate) {
      fates[kind] = fate
      seen[kind] = 0
    },
  }
}

async function checkPaidOnce(t: Test, database: ServerAddress): Promise<void> {
  const rows = await administer(
    database,
    `SELECT count(*)::int AS users, min(balance)::text AS least, max(balance)::text AS most, max(version)::int AS payments
     FROM user_wallet WHERE user_id LIKE 'employee-%'`,
  )
  t.strictSame(rows, [{ users: USERS, least: String(PAY), most: String(PAY), payments: 1 }])
  t.strictSame((await auditLedger(database)).findings, [])
}

t.test('each line is paid once though the service is killed on the way', async (t) => {
  const { database, service, pay, meet } = await setUp(t)
  let kills = 0
  async function killService(): Promise<void> {
    kills += 1
    await service.current().end('SIGKILL')
    await service.start()
  }
  meet('lists', async (place, send) => {
    if (place !== 3 && place !== 6) return send()
    const sending = send()
    // The third is paid, and no one is told; the sixth is paid perhaps.
    if (place === 3) await sending
    await killService()
    await sending
    return undefined
  })
  const { ended } = await pay()
  // On a slow machine it also says how far it is.
  t.match(await ended, { code: 0, stdout: `${ALL}\n`, stderr: /^(?: +\d+ %, about \d+ s left\n)*\s*$/ })
  t.equal(kills, 2)
  await checkPaidOnce(t, database)
  const { ended: again } = await pay()
  t.match(await again, { code: 0, stdout: `${ALL}, ${USERS} of them in an earlier run\n` })
  await checkPaidOnce(t, database)
})

t.test('killed at any moment itself, the command goes on where it ended', async (t) => {
  const { database, pay, meet, file, client } = await setUp(t)
  let running: Started | undefined
  const kill = async () => {
    running?.child.kill('SIGKILL')
    await running?.ended
    return undefined
  }
  async function runUntilKilled(): Promise<void> {
    running = await pay()
    t.match(await running.ended, { signal: 'SIGKILL', stdout: '' })
  }

  meet('ids', kill)
  await runUntilKilled()
  t.notOk(existsSync(`${file}.ids`), 'nothing was planned')
  t.match(await client.wallet(FROM), { version: 1 })

  meet('ids', PASS)
  meet('lists', kill)
  await runUntilKilled()
  t.ok(existsSync(`${file}.ids`), 'all was planned before the first list was sent')

  meet('ids', async () => {
    t.fail('IDs are asked for once')
    return undefined
  })
  meet('lists', async (place, send) => {
    if (place < 5) return send()
    // The fifth is executed, and the command does not live to hear it.
    await send()
    return kill()
  })
  await runUntilKilled()
  t.match(await client.wallet(FROM), { version: 501 })

  meet('lists', PASS)
  running = await pay()
  t.match(await running.ended, { code: 0, stdout: `${ALL}, 500 of them in an earlier run\n` })
  await checkPaidOnce(t, database)
})

t.test('Ctrl-C ends it with what is known, and with the command to go on', async (t) => {
  const { database, pay, meet, file } = await setUp(t)
  let running: Started | undefined
  meet('lists', async (place, send) => {
    if (place < 3) return send()
    running?.child.kill('SIGINT')
    await running?.ended
    return undefined
  })
  running = await pay()
  const { code, stdout, stderr } = await running.ended
  t.same([code, stdout], [130, `paid 200 of ${USERS} lines: 250 dollars (250000000 base units) from ${FROM}\n`])
  t.match(stderr, /^wallet: interrupted\. It may have succeeded; repeating it is safe\. To go on, run this again; /)
  t.match(stderr, new RegExp(`\n  node dist/cli/wallet.js pay --from ${FROM} --url \\S+ ${file}\n$`))
  meet('lists', PASS)
  const { ended } = await pay()
  t.match(await ended, { code: 0 })
  await checkPaidOnce(t, database)
})
