import { setTimeout as delay } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { createWalletClient } from '../../client/client.ts'
import { toURL } from '../../db/address.ts'
import { createTestDatabase } from '../support/database/database.ts'
import { freePort } from '../support/database/relay.ts'
import { eventually } from '../support/eventually.ts'
import { launchWallet, runWallet, startServiceProcess } from '../support/process/service-process.ts'

const LIMIT_MS = 60_000
const PAUSE_MS = 20

async function setUp(t: Test) {
  const env = { DATABASE_URL: toURL(await createTestDatabase(t)), PORT: String(await freePort()) }
  const service = await startServiceProcess(t, { env })
  const client = createWalletClient({ url: service.url })
  await client.open('ann')
  return { env, service, client }
}

t.test(
  'a watched wallet shows every deposit once while its instance is stopped, killed and started again',
  async (t) => {
    const { env, service, client } = await setUp(t)
    const other = await startServiceProcess(t, { env: { ...env, PORT: '0' } })
    const elsewhere = createWalletClient({ url: other.url })
    let running = true
    let deposits = 0
    const depositing = (async () => {
      while (running) {
        await elsewhere.deposit({ to: 'ann', amount: 1 })
        deposits += 1
        await delay(PAUSE_MS)
      }
    })()
    const ids: number[] = []
    const ending = new AbortController()
    const watching = (async () => {
      for await (const { id } of client.watch('ann', { after: 0, signal: ending.signal })) ids.push(id)
    })()
    const seen = (count: number) =>
      eventually(`${count} deposits are seen`, LIMIT_MS, () => (ids.length >= count ? true : undefined))

    await seen(10)
    const stopped = await service.end('SIGTERM')
    t.equal(stopped.code, 0, 'one that is watched can be stopped')
    const again = await startServiceProcess(t, { env })
    await seen(deposits + 10)
    await again.end('SIGKILL')
    await startServiceProcess(t, { env })
    await seen(deposits + 10)
    running = false
    await depositing
    await seen(deposits)
    ending.abort()
    await watching
    t.strictSame(
      ids,
      Array.from({ length: deposits }, (_, index) => index + 1),
    )
  },
)

t.test('"wallet watch" shows what comes, and ends with Ctrl-C', async (t) => {
  const { client, env } = await setUp(t)
  const url = `http://127.0.0.1:${env.PORT}`
  const watching = await launchWallet(t, ['watch', 'ann', '--after', '0', '--url', url], { env: {} })
  const json = await launchWallet(t, ['watch', 'ann', '--after', '1', '--json'], { env: { WALLET_URL: url } })
  await client.deposit({ to: 'ann', amount: 5_000_000 })
  const withdrawal = await client.withdraw({ from: 'ann', amount: 1 })
  await eventually('both are shown', LIMIT_MS, () =>
    /withdrawal/.test(watching.stdout()) && json.stdout().endsWith('\n') ? true : undefined,
  )
  for (const { child } of [watching, json]) child.kill('SIGINT')
  const shown = await watching.ended
  t.match(shown, { code: 130, stderr: 'Watching ann; Ctrl-C ends it.\nwallet: interrupted.\n' })
  t.match(shown.stdout.split('\n'), [
    /^ID {2}TIME/,
    / 1 {2}.* deposit {2}.*\+5\.000000 /,
    / 2 {2}.* withdrawal .* 4\.999999 /,
  ])
  const { stdout } = await json.ended
  t.match(JSON.parse(stdout), { id: 2, amount: 1, transactionID: withdrawal.transactionID })

  const nobody = await runWallet(t, ['watch', 'nobody', '--url', url], { env: {} })
  t.match(nobody, { code: 1, stderr: /^Watching nobody.*\nwallet: WALLET_NOT_FOUND: / })
  const nowhere = await runWallet(t, ['watch', 'ann', '--url', `http://127.0.0.1:${await freePort()}`], { env: {} })
  t.match(nowhere, { code: 1, stderr: /^Watching ann.*\nwallet: no service answers at http/ })
  t.match(await runWallet(t, ['watch', 'ann', '--after', '-1'], { env: {} }), { code: 2 })
})
