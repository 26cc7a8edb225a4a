import { setTimeout as delay } from 'node:timers/promises'
import t from 'tap'
import { auditLedger } from '../../audit/audit.ts'
import { createWalletClient } from '../../client/client.ts'
import { startFaultWorld } from '../support/faults/fault-world.ts'

const CALLERS = 20
const DEPOSITS = 60
const KILLS = 2
const BETWEEN_MS = 300

t.test(
  'callers who only say "deposit" have deposited exactly once each time, though the service is killed',
  async (t) => {
    const { database, service } = await startFaultWorld(t)
    const client = createWalletClient({ url: service.url })
    await client.open('ann')
    let attempts = 0
    const counting: typeof fetch = (input, init) => {
      attempts += 1
      return fetch(input, init)
    }
    const caller = createWalletClient({ url: service.url, fetch: counting })
    const depositing = Promise.all(
      Array.from({ length: CALLERS }, async () => {
        for (let count = 0; count < DEPOSITS; count += 1) {
          await caller.deposit({ to: 'ann', amount: 1 })
          await delay(BETWEEN_MS / DEPOSITS)
        }
      }),
    )
    for (let kills = 0; kills < KILLS; kills += 1) {
      await delay(BETWEEN_MS)
      await service.current().end('SIGKILL')
      await service.start()
    }
    await depositing
    const all = CALLERS * DEPOSITS
    t.ok(attempts > 2 * all, `some had to be sent again: ${attempts} requests for ${all} deposits`)
    t.match(await client.wallet('ann'), { balance: BigInt(all), version: all })
    const ids: number[] = []
    for await (const { id } of client.history('ann', { limit: 100 })) ids.push(id)
    t.strictSame(
      ids,
      Array.from({ length: all }, (_, index) => all - index),
    )
    t.strictSame((await auditLedger(database)).findings, [])
  },
)
