import type pg from 'pg'
import type { ServerAddress } from './address.ts'
import { ask } from './ask.ts'
import { describeDistribution } from './distribute.ts'
import { connect, migrateOn } from './migrate.ts'

/** What a start must know of its database. */
export interface Startup {
  /** What every instance on this database signs transaction IDs with, newest first. */
  readonly keys: readonly Buffer[]
  /** What the server's settings risk, in one line; `undefined` if they are safe. */
  readonly risk: string | undefined
  /** Where the tables lie, in one line; `undefined` if they are in this one database. */
  readonly distribution: string | undefined
}

/**
 * Brings the schema up to date and asks everything that a start must know, on one connection.
 *
 * @param configuredKeys if there are none, the one in the database counts.
 * @param newKey becomes it if there is none there either.
 */
export async function startOn(
  address: ServerAddress,
  configuredKeys: readonly Buffer[],
  newKey: Buffer,
): Promise<Startup> {
  const client = await connect(address)
  try {
    await migrateOn(client, 'up')
    return {
      keys: configuredKeys.length > 0 ? configuredKeys : [await sharedKey(client, newKey)],
      risk: await durabilityRisk(client),
      distribution: await describeDistribution(client),
    }
  } finally {
    await client.end()
  }
}

/** Of several instances that start at once, all get the key of the first. Later ones begin epochs, and sign nothing by themselves. */
async function sharedKey(client: pg.Client, newKey: Buffer): Promise<Buffer> {
  const read = () => ask<{ key: Buffer }>(client, 'SELECT key FROM transaction_id_key WHERE number = 1')
  let [row] = await read()
  if (row === undefined) {
    await ask(client, 'INSERT INTO transaction_id_key (key) VALUES ($1) ON CONFLICT DO NOTHING', [newKey])
    ;[row] = await read()
  }
  if (row === undefined) throw new Error('the key that was just kept is not there')
  return row.key
}

/** Settings that are off and without which a commit is not for ever. */
async function durabilityRisk(client: pg.Client): Promise<string | undefined> {
  const rows = await ask<{ name: string }>(
    client,
    `SELECT name FROM pg_settings
     WHERE name IN ('fsync', 'full_page_writes', 'synchronous_commit') AND setting = 'off'
     ORDER BY name`,
  )
  const names = rows.map(({ name }) => name)
  if (names.length === 0) return undefined
  const losesCommits = names.includes('synchronous_commit')
  const risks = [
    ...(losesCommits ? ['a crash of the server may lose what was acknowledged'] : []),
    ...(names.length > (losesCommits ? 1 : 0) ? ['a crash of its machine may corrupt all data'] : []),
  ]
  return `the database has ${names.join(' and ')} off: ${risks.join(', and ')}`
}
