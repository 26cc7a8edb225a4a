import type { ServerAddress } from '../../../db/address.ts'
import { openConnection } from './connection.ts'
import * as statements from './statements.ts'

/** The key that every instance on this database signs with; `candidate` becomes it where there is none yet. */
export async function sharedKey(address: ServerAddress, candidate: Buffer): Promise<Buffer> {
  const connection = await openConnection(address, async () => {})
  try {
    let [[row]] = await connection.roundTrip((sql) => [statements.readKey(sql)])
    if (row === undefined) {
      await connection.roundTrip((sql) => [statements.insertKey(sql, candidate.toString('hex'))])
      ;[[row]] = await connection.roundTrip((sql) => [statements.readKey(sql)])
    }
    if (row === undefined) throw new Error('the key that was just kept is not there')
    return Buffer.from(row.key, 'hex')
  } finally {
    await connection.close()
  }
}
