import { parseArgs } from 'node:util'
import { joinEmbeddedPostgres } from '../src/adapters/embedded-postgres/server.ts'
import { readConfig } from '../src/app/config.ts'
import { describeAddress } from '../src/ports/server-address.ts'
import { auditLedger } from './audit/audit.ts'
import { createProgress } from './audit/progress.ts'
import { describeReport, reportAsJSON } from './audit/report.ts'

const USAGE = `usage: npm run audit [-- --json]

  --json    print the report as JSON

Checks the whole ledger, which may be in use, as it is at one moment. The database is DATABASE_URL, or the embedded one
in DATA_DIR, whether the service runs or not. Exit code 0: all is as it should be; 1: the ledger is damaged; 2: it could
not be checked.
`
const DAMAGED = 1
const NOT_CHECKED = 2

async function main(): Promise<void> {
  const json = readOptions()
  const { database, dataDir } = readConfig(process.env)
  const embedded =
    database === undefined ? await joinEmbeddedPostgres({ dataDir, onCrash: (line) => say(line) }) : undefined
  const address = embedded?.address ?? database
  try {
    if (address === undefined) return
    if (!json) say(`auditing ${describeAddress(address)}`)
    const progress = createProgress(process.stderr)
    const report = await auditLedger(address, { onProgress: progress.show }).finally(progress.end)
    process.stdout.write(json ? reportAsJSON(report) : describeReport(report))
    if (report.findings.length > 0) process.exitCode = DAMAGED
  } finally {
    await embedded?.stop()
  }
}

function readOptions(): boolean {
  try {
    return parseArgs({ options: { json: { type: 'boolean', default: false } } }).values.json
  } catch (error) {
    throw new Error(USAGE, { cause: error })
  }
}

function say(line: string): void {
  process.stderr.write(`${line}\n`)
}

// An embedded server that was started for us goes with us: it does so at `exit`, which a signal alone does not bring.
process.once('SIGINT', () => process.exit(NOT_CHECKED))
process.once('SIGTERM', () => process.exit(NOT_CHECKED))

/** What to do about it, where that is known. */
function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const mayNot = 'code' in error && error.code === '42501'
  return mayNot ? `${error.message}; the role needs SELECT on every table of the ledger (db/grants.sql)` : error.message
}

main().catch((error: unknown) => {
  say(describe(error))
  process.exitCode = NOT_CHECKED
})
