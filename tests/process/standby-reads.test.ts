import t, { type Test } from 'tap'
import { createWalletClient, type WalletClient } from '../../client/client.ts'
import { type ServerAddress, toURL } from '../../db/address.ts'
import { administer, createTestDatabase } from '../support/database/database.ts'
import { declareRestored } from '../support/database/declare-restored.ts'
import { type Replicated, startReplicated } from '../support/database/replicated.ts'
import { eventually } from '../support/eventually.ts'
import { readFigures } from '../support/http/figures.ts'
import { type ServiceProcess, startServiceProcess } from '../support/process/service-process.ts'

const LIMIT_MS = 60_000

interface World extends Replicated {
  readonly service: ServiceProcess
  readonly client: WalletClient
  /** A read of Ann's wallet that a standby may answer. */
  read(): Promise<Response>
  /** How many reads had this outcome. */
  reads(outcome: string): Promise<number>
  /** Settles when the standby has everything, and is asked. */
  isUsed(): Promise<void>
  says(words: RegExp): Promise<void>
}

async function startWorld(t: Test, standby?: ServerAddress): Promise<World> {
  const replicated = await startReplicated(t)
  const service = await startServiceProcess(t, {
    env: {
      DATABASE_URL: toURL(replicated.primary.address),
      READ_DATABASE_URL: toURL(standby ?? replicated.standby.address),
    },
    endLimitMs: 10 * LIMIT_MS,
  })
  const client = createWalletClient({ url: service.url })
  await client.open('ann')
  const read = () => fetch(`${service.url}/api/v1/users/ann/wallet`, { headers: { 'wallet-version-min': '0' } })
  const reads = async (outcome: string) =>
    (await readFigures(service.url)).sum('wallet_standby_reads_total', { outcome })
  return {
    ...{ ...replicated, service, client, read, reads },
    async isUsed() {
      await replicated.standby.caughtUp()
      const before = await reads('answered')
      await eventually('the standby answers', LIMIT_MS, async () => {
        await read()
        return (await reads('answered')) > before ? true : undefined
      })
    },
    says: (words) => eventually(`the log says ${words}`, LIMIT_MS, () => words.test(service.log()) || undefined).then(),
  }
}

t.test(
  'without its standby the service reads from the primary, and from the standby again when it is back',
  async (t) => {
    const { standby, service, read, reads, isUsed, says } = await startWorld(t)
    await isUsed()
    await says(/reads that may be a little old go to the standby/)
    const figures = await readFigures(service.url)
    t.ok(figures.sum('wallet_batch_size_count', { queue: 'standby_wallet' }) > 0)
    let over = false
    const statuses = new Set<number>()
    const reading = Promise.all(
      Array.from({ length: 8 }, async () => {
        while (!over) statuses.add((await read()).status)
      }),
    )
    const unusable = await reads('unusable')
    await standby.killServer()
    await eventually('the primary is asked', LIMIT_MS, async () =>
      (await reads('unusable')) > unusable ? true : undefined,
    )
    await says(/all reads go to the primary: the standby \(.*\) is not used, since a read failed: /)
    await standby.accepting()
    await isUsed()
    over = true
    await reading
    t.strictSame([...statuses], [200])
    t.equal((await fetch(`${service.url}/readyz`)).status, 200)
  },
)

t.test('a server of another cluster, whose wallets may be others, is not asked', async (t) => {
  const { says, read } = await startWorld(t, await createTestDatabase(t))
  await says(/since it is no copy of the server of DATABASE_URL/)
  t.equal((await read()).status, 200)
})

t.test('a standby that has become a primary is not asked', async (t) => {
  const { standby, isUsed, says, read, reads } = await startWorld(t)
  await isUsed()
  await administer(standby.address, 'SELECT pg_promote()')
  await says(/since it is no standby/)
  const unusable = await reads('unusable')
  t.equal((await read()).status, 200)
  t.equal(await reads('unusable'), unusable + 1)
})

t.test('a standby that does not know that the ledger was declared restored is not asked', async (t) => {
  const { primary, standby, isUsed, says } = await startWorld(t)
  await isUsed()
  await standby.pause()
  await declareRestored(primary.address)
  await says(/since it does not know that the ledger was declared restored/)
  await standby.resume()
  await isUsed()
})
