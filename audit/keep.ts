import pg from 'pg'
import type { ServerAddress } from '../db/address.ts'
import { connect } from '../db/migrate.ts'
import type { AuditReport } from './audit.ts'
import { reportAsJSON } from './report.ts'

const INSUFFICIENT_PRIVILEGE = '42501'
const READ_ONLY = '25006'

/**
 * Keeps a report beside the ledger, for the console, in place of an earlier one. The auditor needs no right to write:
 * without it nothing is kept.
 *
 * @returns why it was not kept; `undefined` if it was.
 */
export async function keepReport(address: ServerAddress, report: AuditReport): Promise<string | undefined> {
  const client = await connect(address)
  try {
    await client.query(
      `INSERT INTO wallet_audit (taken_at, report) VALUES ($1, $2)
       ON CONFLICT (only_one) DO UPDATE SET taken_at = EXCLUDED.taken_at, report = EXCLUDED.report
       WHERE wallet_audit.taken_at <= EXCLUDED.taken_at`,
      [report.takenAt, reportAsJSON(report)],
    )
    return undefined
  } catch (error) {
    if (!(error instanceof pg.DatabaseError)) throw error
    if (error.code !== INSUFFICIENT_PRIVILEGE && error.code !== READ_ONLY) throw error
    return error.message
  } finally {
    await client.end()
  }
}
