import { randomBytes } from 'node:crypto'
import type { ServerAddress } from '../../../db/address.ts'
import { connect } from '../../../db/migrate.ts'
import { beginEpoch } from '../../../db/restoration.ts'
import { KEY_BYTES } from '../../../src/ports/transaction-ids.ts'

/** What `npx wallet restored` does to the database. */
export async function declareRestored(address: ServerAddress): Promise<void> {
  const client = await connect(address)
  try {
    await beginEpoch(client, randomBytes(KEY_BYTES))
  } finally {
    await client.end()
  }
}
