import { type EmbeddedPostgres, startEmbeddedPostgres } from '../src/adapters/embedded-postgres/server.ts'
import { readConfig } from '../src/app/config.ts'
import { describeAddress } from '../src/ports/server-address.ts'
import { migrate, whereTablesLie } from './migrate.ts'

const USAGE = `usage: npm run migrate [-- up | down]

  up      bring the schema up to date (the default)
  down    take back the last migration, and what is in its tables

The database is DATABASE_URL, or the embedded one in DATA_DIR.
`

async function main(): Promise<void> {
  const [direction = 'up', ...rest] = process.argv.slice(2)
  if ((direction !== 'up' && direction !== 'down') || rest.length > 0) throw new Error(USAGE)
  const { database, dataDir } = readConfig(process.env)
  let embedded: EmbeddedPostgres | undefined
  if (database === undefined) embedded = await startEmbeddedPostgres({ dataDir, onCrash: say })
  const address = embedded?.address ?? database
  try {
    if (address === undefined) return
    const names = await migrate(address, direction)
    say(`${describeAddress(address)}: ${names.length === 0 ? 'nothing to do' : `${direction}: ${names.join(', ')}`}`)
    const distribution = await whereTablesLie(address)
    if (distribution !== undefined) say(distribution)
  } finally {
    await embedded?.stop()
  }
}

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = 1
})
