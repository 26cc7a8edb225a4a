import { auditLedger } from '../audit/audit.ts'
import { keepReport } from '../audit/keep.ts'
import { describeReport, reportAsJSON } from '../audit/report.ts'
import { describeAddress, type ServerAddress } from '../db/address.ts'
import { joinEmbeddedPostgres } from '../src/adapters/embedded-postgres/server.ts'
import { onConfiguredDatabase } from './configured-database.ts'
import { describeFailure } from './errors.ts'
import { print, say, UnwritableOutput } from './output.ts'
import { createProgress } from './progress.ts'

const DAMAGED = 1
const NOT_CHECKED = 2

export async function runAudit(json: boolean): Promise<void> {
  // An embedded server that was started for us goes with us: it does so at `exit`, which a signal alone does not bring.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const)
    process.once(signal, () => process.exit(NOT_CHECKED))
  try {
    await onConfiguredDatabase(joinEmbeddedPostgres, (address) => auditAndReport(address, json))
  } catch (error) {
    // Of a report that no one reads the verdict is left.
    if (error instanceof UnwritableOutput && error.closed) return
    say(describeFailure(error, 'the role needs SELECT on every table of the ledger (db/grants.sql)'))
    process.exitCode = NOT_CHECKED
  }
}

/** Audits, keeps the report for the console, and prints it. @returns whether the ledger is whole. */
export async function auditAndReport(address: ServerAddress, json: boolean): Promise<boolean> {
  if (!json) say(`auditing ${describeAddress(address)}`)
  const progress = createProgress(process.stderr)
  const report = await auditLedger(address, { onProgress: progress.show }).finally(progress.end)
  const whole = report.findings.length === 0
  // Told even if no one reads the report.
  if (!whole) process.exitCode = DAMAGED
  const notKept = await keepReport(address, report)
  if (notKept !== undefined && !json) say(`not kept for the console: ${notKept}`)
  await print(json ? reportAsJSON(report) : describeReport(report))
  return whole
}
