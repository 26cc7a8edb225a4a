import { auditLedger } from '../audit/audit.ts'
import { describeReport } from '../audit/report.ts'
import type { ServerAddress } from '../db/address.ts'
import { copyLedger } from '../db/copy-ledger.ts'
import { upgradeData } from '../src/adapters/embedded-postgres/upgrade.ts'
import { takeConfig } from '../src/app/config.ts'
import { quoted } from './command-line.ts'
import { AFTER_SIGNAL, EXIT, Failure } from './errors.ts'
import { print, say } from './output.ts'
import { createProgress } from './progress.ts'

/** See docs/recovery.md. */
export async function runUpgradeData(oldPrograms: string | undefined): Promise<void> {
  // The servers that were started end at `exit`, which a signal alone does not bring.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.once(signal, () => {
      say('wallet: interrupted; nothing is lost: run the command again')
      process.exit(AFTER_SIGNAL[signal])
    })
  const { database, dataDir } = takeConfig(process.env)
  if (database !== undefined)
    throw new Failure(
      EXIT.no,
      'DATABASE_URL is set: upgrade that server as its own manual says (docs/recovery.md); this command is for the embedded one',
    )
  const upgraded = await upgradeData({ dataDir, oldPrograms, move }).catch((error: unknown) => {
    // A program's complaints have several lines.
    const message = (error instanceof Error ? error.message : String(error)).trim().replaceAll(/\s*\n\s*/g, ' | ')
    throw new Failure(EXIT.no, `not upgraded: ${message}`, { cause: error })
  })
  if (upgraded === undefined) return print(`nothing to do: DATA_DIR ${dataDir} is up to date\n`)
  const { from, to, oldData } = upgraded
  await print(
    `DATA_DIR ${dataDir} is of PostgreSQL ${to} now, and the service may start\n` +
      `The data of PostgreSQL ${from} are kept. When you no longer need them: rm -r ${quoted(oldData)}\n`,
  )
}

async function move(from: ServerAddress, to: ServerAddress): Promise<void> {
  say('copying')
  const copying = createProgress(process.stderr)
  const { tables, rows } = await copyLedger(from, to, copying.show).finally(copying.end)
  say(`copied ${rows} rows in ${tables} tables; the copy is the same`)
  say('auditing')
  const auditing = createProgress(process.stderr)
  const report = await auditLedger(to, { onProgress: auditing.show }).finally(auditing.end)
  say(describeReport(report).trimEnd())
  if (report.findings.length > 0)
    throw new Failure(
      EXIT.no,
      'the ledger was damaged before; it stays as it is, until that is corrected with the version that wrote it',
    )
}
