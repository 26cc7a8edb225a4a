import type { ServerAddress } from '../../../db/address.ts'
import { openConnection } from './connection.ts'
import * as statements from './statements.ts'

/** What the server's settings risk of that which was acknowledged, in one line; `undefined` where they are safe. */
export async function durabilityRisk(address: ServerAddress): Promise<string | undefined> {
  const connection = await openConnection(address, async () => {})
  try {
    const [rows] = await connection.roundTrip((sql) => [statements.readUnsafeSettings(sql)])
    const names = rows.map(({ name }) => name)
    return names.length === 0 ? undefined : describe(names)
  } finally {
    await connection.close()
  }
}

function describe(names: readonly string[]): string {
  const losesCommits = names.includes('synchronous_commit')
  const risks = [
    ...(losesCommits ? ['a crash of the server may lose what was acknowledged'] : []),
    ...(names.length > (losesCommits ? 1 : 0) ? ['a crash of its machine may corrupt all data'] : []),
  ]
  return `the database has ${names.join(' and ')} off: ${risks.join(', and ')}`
}
