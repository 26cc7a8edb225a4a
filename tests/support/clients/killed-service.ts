import type { Test } from 'tap'
import { auditLedger } from '../../../audit/audit.ts'
import { createWalletClient } from '../../../client/client.ts'
import { startFaultWorld } from '../faults/fault-world.ts'

/** Deposits 1 in Ann's wallet under a reference, and says so when it is answered. */
export type Depositor = (reference: string) => Promise<unknown>

const KILLS = 2
/** How many deposits are under way when the service is killed, and how many more are begun while it is gone. */
const DEPOSITS = 100

/** The scenario that every client goes through: the service is killed while many deposits are under way, and each is made once. */
export async function depositThroughKills(t: Test, start: (url: string) => Promise<Depositor>): Promise<void> {
  const { database, service } = await startFaultWorld(t)
  const client = createWalletClient({ url: service.url })
  await client.open('ann')
  const deposit = await start(service.url)
  const asked: string[] = []
  const depositMany = () =>
    Array.from({ length: DEPOSITS }, () => {
      const reference = `deposit-${asked.length + 1}`
      asked.push(reference)
      return deposit(reference)
    })
  const answers: Promise<PromiseSettledResult<unknown>[]>[] = []
  for (let kills = 0; kills < KILLS; kills += 1) {
    const underWay = depositMany()
    answers.push(Promise.allSettled(underWay))
    await Promise.any(underWay)
    await service.current().end('SIGKILL')
    answers.push(Promise.allSettled(depositMany()))
    await service.start()
  }
  const failures = (await Promise.all(answers)).flat().filter(({ status }) => status === 'rejected')
  t.strictSame(failures, [], 'all are answered')
  const all = asked.length
  t.match(await client.wallet('ann'), { balance: BigInt(all), version: all })
  const made: (string | undefined)[] = []
  for await (const { reference } of client.history('ann', { limit: 1000 })) made.push(reference)
  t.strictSame(made.toSorted(), asked.toSorted(), 'each was made once')
  t.strictSame((await auditLedger(database)).findings, [])
}
