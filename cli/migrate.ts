import { describeAddress, type ServerAddress } from '../db/address.ts'
import { migrate, whereTablesLie } from '../db/migrate.ts'
import { startEmbeddedPostgres } from '../src/adapters/embedded-postgres/server.ts'
import { onConfiguredDatabase } from './configured-database.ts'
import { describeFailure, EXIT } from './errors.ts'
import { print, say } from './output.ts'

export async function runMigrate(direction: 'up' | 'down'): Promise<void> {
  try {
    await onConfiguredDatabase(startEmbeddedPostgres, (address) => migrateAndReport(address, direction))
  } catch (error) {
    say(describeFailure(error, 'run it as the owner of the schema (docs/least-privilege.md)'))
    process.exitCode = EXIT.no
  }
}

async function migrateAndReport(address: ServerAddress, direction: 'up' | 'down'): Promise<void> {
  const names = await migrate(address, direction)
  const done = names.length === 0 ? 'nothing to do' : `${direction}: ${names.join(', ')}`
  await print(`${describeAddress(address)}: ${done}\n`)
  const distribution = await whereTablesLie(address)
  if (distribution !== undefined) await print(`${distribution}\n`)
}
