import type { ServerAddress } from '../../../db/address.ts'
import { connect } from '../../../db/migrate.ts'
import { administer } from './database.ts'

/** A transaction that has written to the ledger, and is not over. */
export interface OpenWrite {
  commit(): Promise<void>
  rollback(): Promise<void>
  /** Ends its connection from another one. */
  kill(): Promise<void>
  /** Leaves it to the server, until someone ends it by this name. */
  prepare(name: string): Promise<void>
}

/** Writes one deposit as an instance of the release before does, which knows nothing of the feed, to a wallet of its own. */
export async function beginWrite(database: ServerAddress, userID: string): Promise<OpenWrite> {
  const client = await connect(database)
  await client.query('BEGIN')
  await client.query('INSERT INTO user_wallet VALUES ($1, 1, 1, now(), now())', [userID])
  await client.query(
    `INSERT INTO user_wallet_transaction
            (user_id, id, transaction_id, type, amount, passive_user_id, balance, created_at)
     VALUES ($1, 1, gen_random_uuid(), 1, 1, NULL, 1, now())`,
    [userID],
  )
  const end = async (statement: string) => {
    await client.query(statement)
    await client.end()
  }
  return {
    commit: () => end('COMMIT'),
    rollback: () => end('ROLLBACK'),
    prepare: (name) => end(`PREPARE TRANSACTION '${name}'`),
    async kill() {
      const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')
      await administer(database, `SELECT pg_terminate_backend(${rows[0]?.pid}, 60000)`)
      await client.end().catch(() => {})
    },
  }
}
