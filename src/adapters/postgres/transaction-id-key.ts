import type { ServerAddress } from '../../ports/server-address.ts'
import { openLane } from './lane.ts'
import * as statements from './statements.ts'

/** The key that every instance on this database signs with; `candidate` becomes it where there is none yet. */
export async function sharedKey(address: ServerAddress, candidate: Buffer): Promise<Buffer> {
  const lane = await openLane(address, async () => {})
  try {
    let [[row]] = await lane.roundTrip((sql) => [statements.readKey(sql)])
    if (row === undefined) {
      await lane.roundTrip((sql) => [statements.insertKey(sql, candidate.toString('hex'))])
      ;[[row]] = await lane.roundTrip((sql) => [statements.readKey(sql)])
    }
    if (row === undefined) throw new Error('the key that was just kept is not there')
    return Buffer.from(row.key, 'hex')
  } finally {
    await lane.close()
  }
}
