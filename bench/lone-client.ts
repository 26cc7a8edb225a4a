import { migrationNames } from '../db/migrate.ts'
import { createPostgresWalletStore } from '../src/adapters/postgres/wallet-store.ts'
import type { Command, RequestID } from '../src/domain/command.ts'
import { decideBatch } from '../src/domain/decide.ts'
import { FIRST_EPOCH } from '../src/domain/epoch.ts'
import { after, fromMilliseconds } from '../src/domain/instant.ts'
import { toAmount } from '../src/domain/money.ts'
import { toUserID } from '../src/domain/user-id.ts'
import type { Bench } from './environment.ts'
import { type Row, row } from './figures.ts'
import { percentile } from './open-loop.ts'
import { type Load, sendTransfers } from './transfers.ts'

const DAY = 86_400_000_000n

/** One client that sends one request at a time, against the same SQL sent one transaction at a time by the same driver. */
export async function compareLoneClient(bench: Bench, load: Load): Promise<Row> {
  return bench.withDatabase('lone', async (database) => {
    await database.fill(load.wallets)
    const schemaVersion = (await migrationNames()).at(-1) ?? ''
    const store = createPostgresWalletStore({
      address: database.address,
      writeConnections: 1,
      readConnections: 1,
      schemaVersion,
    })

    async function transferDirectly(): Promise<void> {
      const [active, passive] = [load.pick(), load.pick()].map((n) => toUserID(`user-${n}`))
      if (active === undefined || passive === undefined || active === passive) return
      const now = fromMilliseconds(Date.now())
      const command: Command = {
        userID: active,
        transactionID: bench.ids.issue(active, now),
        expiresAt: after(now, DAY),
        epoch: FIRST_EPOCH,
        requestID: 'bench' as RequestID,
        movement: { kind: 'transfer', amount: toAmount(1n), passiveUserID: passive },
      }
      await store.transact([command], decideBatch)
    }

    try {
      return await bench.withService(database, {}, async (service) => {
        await sendTransfers(bench, service, database, load.pick, 1, 2)
        const ours: number[] = []
        const theirs: number[] = []
        for (let round = 1; round <= bench.rounds; round += 1) {
          bench.say(`one client, one request at a time, round ${round} of ${bench.rounds}`)
          ours.push((await sendTransfers(bench, service, database, load.pick, 1)).p50Ms)
          const latencies: number[] = []
          const end = performance.now() + bench.seconds * 1000
          while (performance.now() < end) {
            const start = performance.now()
            await transferDirectly()
            latencies.push(performance.now() - start)
          }
          theirs.push(
            percentile(
              latencies.sort((a, b) => a - b),
              50,
            ),
          )
        }
        const against = 'the same SQL, straight from the driver'
        return row({ name: 'one request at a time, p50', against, unit: 'ms', ours, theirs, target: { atMost: 1.3 } })
      })
    } finally {
      await store.close()
    }
  })
}
