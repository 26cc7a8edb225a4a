import type pg from 'pg'
import type { ServerAddress } from '../db/address.ts'
import { currentVersion, migrationNames, SchemaError } from '../db/migrate.ts'
import { CHECKS, type CheckName } from './checks.ts'
import { divide, RANGE_BYTES, type Range } from './ranges.ts'
import { openSnapshot, type Snapshot } from './snapshot.ts'
import type { Condition, Subject } from './subject.ts'
import { offenders, SUBJECTS, survey } from './survey.ts'

/** Something that must not be: which row, what was expected of it, and what was found. */
export interface Finding {
  readonly check: CheckName
  /** These three are `null` if the finding concerns no one user, row or ID. */
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
  readonly held: bigint
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
  /** At most {@link MAX_NAMED} of each check; empty if the ledger is whole. */
  readonly findings: readonly Finding[]
}

export interface AuditOptions {
  /** Told how much is done, 0 to 1, as it goes. */
  readonly onProgress?: (done: number) => void
  /** How much of a table is read in one go. */
  readonly rangeBytes?: number
  /** On a Citus, how long a moment is looked for at which nothing is under way between its nodes. */
  readonly restLimitMs?: number
}

/** How many findings of one check are named. */
export const MAX_NAMED = 20
/** As many ranges as are read at once, each on a core of the server. */
const CONNECTIONS = 2

/** One subject over one range. All subjects take about as long over as many transactions, or less. */
interface Job {
  readonly subject: Subject
  readonly range: Range
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
 * @throws {SchemaError} if the database holds no ledger of this version; otherwise what the driver throws.
 */
export async function auditLedger(address: ServerAddress, options: AuditOptions = {}): Promise<AuditReport> {
  const { onProgress = () => {}, rangeBytes = RANGE_BYTES, restLimitMs } = options
  const start = performance.now()
  const snapshot = await openSnapshot(address, CONNECTIONS, restLimitMs)
  try {
    const [first] = snapshot.clients
    if (first === undefined) throw new Error('there is no connection')
    await requireLedger(first)
    const jobs = await plan(first, rangeBytes, snapshot.tables)
    const tally: Tally = { sums: new Map(), broken: new Map(), named: new Map() }
    const whole = jobs.reduce((sum, { range }) => sum + range.weight, 0)
    let done = 0
    const work = async (client: pg.Client) => {
      // One connection begins with the largest job, which may take long, the others with the smallest: they show that it goes on.
      const next = () => (client === first ? jobs.shift() : jobs.pop())
      for (let job = next(); job !== undefined; job = next()) {
        await read(client, job, tally)
        done += job.range.weight
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

/** Every subject over everything, the largest jobs first. */
async function plan(client: pg.Client, rangeBytes: number, tables: Snapshot['tables']): Promise<Job[]> {
  const ranges = [
    ...(await divide(client, 'user_id', rangeBytes, tables)),
    ...(await divide(client, 'transaction_id', rangeBytes, tables)),
  ]
  return ranges
    .flatMap((range) => SUBJECTS.filter(({ key }) => key === range.key).map((subject) => ({ subject, range })))
    .sort((a, b) => b.range.weight - a.range.weight)
}

/** What was added up over all ranges. */
interface Tally {
  /** By the figures' names. */
  readonly sums: Map<string, bigint>
  readonly broken: Map<CheckName, bigint>
  readonly named: Map<CheckName, readonly Finding[]>
}

async function read(client: pg.Client, job: Job, tally: Tally): Promise<void> {
  const { subject, range } = job
  const { rows } = await client.query<Record<string, string>>(survey(subject), [range.from, range.to])
  for (const figure of Object.keys(subject.figures)) add(tally.sums, figure, numberIn(rows, figure))
  for (const condition of subject.conditions) {
    const broken = numberIn(rows, condition.check)
    if (broken === 0n) continue
    add(tally.broken, condition.check, broken)
    await name(client, job, condition, tally)
  }
}

/** An answer that is not there is no zero. */
function numberIn([row]: readonly Record<string, string>[], column: string): bigint {
  const text = row?.[column]
  if (text === undefined) throw new Error(`a survey did not answer with ${column}`)
  return BigInt(text)
}

function add<Key>(sums: Map<Key, bigint>, key: Key, value: bigint): void {
  sums.set(key, (sums.get(key) ?? 0n) + value)
}

async function name(client: pg.Client, { subject, range }: Job, condition: Condition, { named }: Tally): Promise<void> {
  const { check } = condition
  if ((named.get(check)?.length ?? 0) >= MAX_NAMED) return
  const { rows } = await client.query<OffenderRow>(offenders(subject, condition), [range.from, range.to, MAX_NAMED])
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

/** What only the sums over everything can tell, and the report without when and how long. */
function conclude({ sums, broken, named }: Tally): Pick<AuditReport, 'figures' | 'checks' | 'findings'> {
  const sum = (figure: string) => sums.get(figure) ?? 0n
  const count = (figure: string) => Number(sum(figure))

  function compare(check: CheckName, expected: bigint, found: bigint, what: string): void {
    if (expected === found) return
    add(broken, check, 1n)
    const noRow = { userID: null, id: null, transactionID: null }
    named.set(check, [{ check, ...noRow, expected: `${expected} ${what}`, found: `${found}` }])
  }
  compare('money', sum('deposited') - sum('withdrawn'), sum('held'), 'units in all wallets')
  compare('read-alike', sum('transactions'), sum('found by ID'), 'transactions by ID')

  return {
    figures: {
      wallets: count('wallets'),
      transactions: count('transactions'),
      transactionIDs: count('transactionIDs'),
      transfers: count('transfers'),
      refusals: count('refusals'),
      held: sum('held'),
      deposited: sum('deposited'),
      withdrawn: sum('withdrawn'),
    },
    checks: CHECKS.map((check) => ({ ...check, findings: Number(broken.get(check.name) ?? 0n) })),
    findings: CHECKS.flatMap((check) => named.get(check.name) ?? []),
  }
}
