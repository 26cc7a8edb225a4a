import type pg from 'pg'
import type { ServerAddress } from '../../src/ports/server-address.ts'
import { currentVersion, migrationNames, SchemaError } from '../migrate.ts'
import { CHECKS, type CheckName, type Condition, offenders, SUBJECTS, type Subject, survey } from './checks.ts'
import { divide, RANGE_BYTES, type Range } from './ranges.ts'
import { openSnapshot } from './snapshot.ts'

/** Something that must not be: which row, what was expected of it, and what was found. */
export interface Finding {
  readonly check: CheckName
  /** These three are `null` where the finding concerns no one user, row or ID. */
  readonly userID: string | null
  readonly id: string | null
  readonly transactionID: string | null
  readonly expected: string
  readonly found: string
}

/** All amounts are base units. */
export interface Figures {
  readonly wallets: number
  readonly transactions: number
  readonly transactionIDs: number
  readonly transfers: number
  readonly refusals: number
  readonly money: bigint
  readonly deposited: bigint
  readonly withdrawn: bigint
}

export interface AuditReport {
  /** What was checked is the ledger as it was then, in the database's words. */
  readonly takenAt: string
  readonly seconds: number
  readonly figures: Figures
  /** Every check that was made, and how many findings it gave. */
  readonly checks: readonly { readonly name: CheckName; readonly says: string; readonly findings: number }[]
  /** At the most {@link MAX_NAMED} of each check; empty where the ledger is as it should be. */
  readonly findings: readonly Finding[]
}

export interface AuditOptions {
  /** Told how much is done, 0 to 1, as it goes. */
  readonly onProgress?: (done: number) => void
  /** How much of a table is read in one go. */
  readonly rangeBytes?: number
}

/** How many findings of one check are named. */
export const MAX_NAMED = 20
/** As many ranges as are read at once, each on a core of the server. */
const CONNECTIONS = 2

interface Job {
  readonly subject: Subject
  readonly range: Range
  readonly cost: number
}

interface OffenderRow {
  user_id: string | null
  id: string | null
  transaction_id: string | null
  expected: string | null
  found: string | null
}

/**
 * Checks a whole ledger as it is at one moment, while it is in use: range by range, in memory that does not grow
 * with it.
 *
 * @throws {SchemaError} where the database holds no ledger of this version; otherwise what the driver throws.
 */
export async function auditLedger(address: ServerAddress, options: AuditOptions = {}): Promise<AuditReport> {
  const { onProgress = () => {}, rangeBytes = RANGE_BYTES } = options
  const start = performance.now()
  const snapshot = await openSnapshot(address, CONNECTIONS)
  try {
    const [first] = snapshot.clients
    if (first === undefined) throw new Error('there is no connection')
    await requireLedger(first)
    const jobs = await plan(first, rangeBytes)
    const tally: Tally = { sums: new Map(), named: new Map() }
    const whole = jobs.reduce((sum, { cost }) => sum + cost, 0)
    let done = 0
    // One iterator for all: each connection takes the next job when it is done with its last.
    const queue = jobs.values()
    const work = async (client: pg.Client) => {
      for (const { subject, range, cost } of queue) {
        await read(client, subject, range, tally)
        done += cost
        onProgress(done / whole)
      }
    }
    await Promise.all(snapshot.clients.map(work))
    return { takenAt: snapshot.takenAt, seconds: (performance.now() - start) / 1000, ...conclude(tally) }
  } finally {
    await snapshot.close()
  }
}

async function requireLedger(client: pg.Client): Promise<void> {
  const [found, known] = [await currentVersion(client), (await migrationNames()).at(-1)]
  if (found === undefined) throw new SchemaError('there is no ledger in this database: it has no schema')
  if (found !== known) throw new SchemaError(`the database's schema is ${found}, and this auditor knows ${known}`)
}

/** Every subject over everything; the largest first, so that none of them is left when the others are done. */
async function plan(client: pg.Client, rangeBytes: number): Promise<readonly Job[]> {
  const ranges = [
    ...(await divide(client, 'user_id', rangeBytes)),
    ...(await divide(client, 'transaction_id', rangeBytes)),
  ]
  return ranges
    .sort((a, b) => b.weight - a.weight)
    .flatMap((range) =>
      SUBJECTS.filter(({ key }) => key === range.key).map((subject) => ({
        subject,
        range,
        cost: range.weight * subject.cost,
      })),
    )
}

/** What was added up over all ranges, by the names of the surveys' columns, and what is to be named. */
interface Tally {
  readonly sums: Map<string, bigint>
  readonly named: Map<CheckName, Finding[]>
}

async function read(client: pg.Client, subject: Subject, range: Range, tally: Tally): Promise<void> {
  const { rows } = await client.query<Record<string, string>>(survey(subject), [range.from, range.to])
  for (const [name, value] of Object.entries(rows[0] ?? {})) {
    tally.sums.set(name, (tally.sums.get(name) ?? 0n) + BigInt(value))
  }
  for (const condition of subject.conditions) {
    if (rows[0]?.[condition.check] !== '0') await name(client, subject, condition, range, tally)
  }
}

/** Two connections may find as many as there is room for at the same time. */
async function name(
  client: pg.Client,
  subject: Subject,
  condition: Condition,
  range: Range,
  { named }: Tally,
): Promise<void> {
  const { check } = condition
  const room = MAX_NAMED - (named.get(check)?.length ?? 0)
  if (room <= 0) return
  const { rows } = await client.query<OffenderRow>(offenders(subject, condition), [range.from, range.to, room])
  const findings = rows.map((row) => ({
    check,
    userID: row.user_id,
    id: row.id,
    transactionID: row.transaction_id,
    expected: row.expected ?? 'unknown',
    found: row.found ?? 'unknown',
  }))
  named.set(check, [...(named.get(check) ?? []), ...findings].slice(0, MAX_NAMED))
}

function conclude({ sums, named }: Tally): Pick<AuditReport, 'figures' | 'checks' | 'findings'> {
  const sum = (name: string) => sums.get(name) ?? 0n
  const count = (name: string) => Number(sum(name))
  const figures: Figures = {
    wallets: count('wallets'),
    transactions: count('transactions'),
    transactionIDs: count('transactionIDs'),
    transfers: count('transfers'),
    refusals: count('refusals'),
    money: sum('money'),
    deposited: sum('deposited'),
    withdrawn: sum('withdrawn'),
  }
  compare('money', sum('deposited') - sum('withdrawn'), sum('money'))
  compare('read-alike', sum('steps'), sum('kept'))
  compare('read-alike', sum('steps'), sum('transactions'))

  function compare(check: CheckName, expected: bigint, found: bigint): void {
    if (expected === found) return
    sums.set(check, sum(check) + 1n)
    const nobody = { userID: null, id: null, transactionID: null }
    named.set(check, [...(named.get(check) ?? []), { check, ...nobody, expected: `${expected}`, found: `${found}` }])
  }

  return {
    figures,
    checks: CHECKS.map((check) => ({ ...check, findings: count(check.name) })),
    findings: CHECKS.flatMap((check) => named.get(check.name) ?? []),
  }
}
