import { appendFile } from 'node:fs/promises'
import type { Test } from 'tap'
import { type AuditReport, auditLedger } from '../../../audit/audit.ts'
import type { ServerAddress } from '../../../db/address.ts'
import { TIMEOUTS_MS } from '../../../src/timeouts.ts'
import { administer } from '../database/database.ts'
import { eventually } from '../eventually.ts'
import { type Answer, createClient } from '../process/service-client.ts'
import { type SentList, sendList } from './fault-lists.ts'
import { type FaultLoad, isSettled, type Movement, send } from './fault-load.ts'
import type { RestartableService } from './fault-world.ts'
import { checkAtomicLists, checkOrderOfLists, checkRepeats } from './list-verdict.ts'

/** What a machine that runs two dozen processes may add to a deadline. */
const SLACK_MS = 500
const SETTLE_LIMIT_MS = 15_000
const QUIET_LIMIT_MS = 5000
const ERROR_LEVEL = 50

/** Where `npm run test:fault` collects the figures of all faults. */
export const FIGURES_VARIABLE = 'WALLET_FAULT_FIGURES'

export interface Figures {
  readonly fault: string
  readonly sent: number
  /** How many lists some of them were sent in. */
  readonly lists: number
  /** Atomic lists that were executed. */
  readonly atomicWhole: number
  readonly acknowledged: number
  readonly refused: number
  readonly turnedAway: number
  /** Without an answer, or OUTCOME_UNKNOWN. */
  readonly unknown: number
  /** Of those, how many had been executed, which repeating them told. */
  readonly unknownExecuted: number
  /** Executed by an attempt whose answer the service lost, and found out by itself. */
  readonly settledByService: number
  readonly slowestMs: number
  /** From the fault, or its end, to the first answer 200 to a movement sent after it. */
  readonly againAfterMs: number | undefined
}

interface Expectations {
  readonly fault: string
  readonly load: FaultLoad
  /** As it is reached without what the fault is about. */
  readonly database: ServerAddress
  /** All that ran; the first of them answers, and settles what is unknown. */
  readonly services: readonly [RestartableService, ...RestartableService[]]
  /** Who audits the ledger, where its schema is not the one that we know. */
  readonly audit?: () => Promise<Pick<AuditReport, 'findings'>>
  /** When the fault was, or ended, and how soon after it the service must work again. */
  readonly again?: { readonly since: number; readonly withinMs: number }
  /** How many processes each service has. */
  readonly workers?: number
  /** What is logged as an error because of the fault. */
  readonly expectedErrors?: RegExp
  /** What may be added to a deadline, where that is not {@link SLACK_MS}. */
  readonly slackMs?: number
}

/** Two connections for batches and four for reads. */
const CONNECTIONS_OF_A_SERVICE = 6

/** Checks every promise after a fault, and settles every unknown by repeating it with its own ID. */
export async function checkPromises(t: Test, expectations: Expectations): Promise<Figures> {
  const {
    fault,
    load,
    database,
    services,
    audit = () => auditLedger(database),
    again,
    workers = 1,
    expectedErrors,
    slackMs = SLACK_MS,
  } = expectations
  const [{ url }] = services
  const { movements, lists } = load
  const before = await readLedger(database)
  const kinds = {
    executed: [] as Movement[],
    refused: [] as Movement[],
    away: [] as Movement[],
    unknown: [] as Movement[],
  }
  for (const movement of movements) kinds[outcomeOf(movement.answer)].push(movement)

  const lost = kinds.executed.filter((movement) => !isRecorded(movement, before.get(movement.transactionID)))
  t.strictSame(lost, [], 'no acknowledged write is lost, and each stands in the ledger as it was answered')
  const strange = kinds.refused.filter((movement) => !isSettled(movement))
  t.strictSame(strange, [], 'every answer is 200, 422 or 503, or 409 in an atomic list')
  checkAtomicLists(t, lists, before, 'when the fault is over')
  checkRepeats(t, lists)

  const contradicted: unknown[] = []
  let unknownExecuted = 0
  const settle = settler(url)
  for (const movement of kinds.unknown) {
    const recorded = before.get(movement.transactionID)
    const answer = await settle(movement)
    if (
      !isSettled({ ...movement, answer }) ||
      (recorded !== undefined && !(answer.replayed && isRecorded({ ...movement, answer }, recorded)))
    )
      contradicted.push({ movement, recorded, answer })
    if (recorded !== undefined) unknownExecuted += 1
  }
  t.strictSame(contradicted, [], 'every unknown is settled by repeating it with its own ID')

  const after = await readLedger(database)
  const notRefused = [...kinds.refused, ...kinds.away].filter(({ transactionID }) => after.has(transactionID))
  t.strictSame(notRefused, [], 'what was refused or turned away was not executed')
  const sent = new Set(movements.map(({ transactionID }) => transactionID))
  t.strictSame(
    [...after.keys()].filter((id) => !sent.has(id)),
    [],
    'nothing was done that no one asked for',
  )
  const { whole } = checkAtomicLists(t, lists, after, 'when all is settled')
  checkOrderOfLists(t, lists, after)
  const { findings } = await audit()
  t.strictSame(findings, [], 'the auditor finds nothing: done once, no gap, no money made or lost')

  const slowestMs = Math.max(...movements.map(({ sentAt, endedAt = Number.POSITIVE_INFINITY }) => endedAt - sentAt))
  t.ok(slowestMs <= TIMEOUTS_MS.request + slackMs, `no request took longer than its deadline: ${slowestMs} ms`)
  const errors = services
    .flatMap(({ processes }) => processes)
    .flatMap((process) => errorsIn(process.log(), expectedErrors))
  t.strictSame(errors, [], 'no error that was not caught, and none that no one expected')
  await connectionsAreQuiet(t, database, CONNECTIONS_OF_A_SERVICE * services.length * workers)

  let againAfterMs: number | undefined
  if (again !== undefined) {
    const answered = movements.flatMap(({ sentAt, endedAt, answer }) =>
      sentAt >= again.since && endedAt !== undefined && answer?.status === 200 ? [endedAt - again.since] : [],
    )
    againAfterMs = Math.min(...answered)
    t.ok(againAfterMs <= again.withinMs, `it worked again after ${againAfterMs} ms, of ${again.withinMs}`)
  }

  const figures: Figures = {
    fault,
    sent: movements.length,
    lists: lists.length,
    atomicWhole: whole,
    acknowledged: kinds.executed.length,
    refused: kinds.refused.length,
    turnedAway: kinds.away.length,
    unknown: kinds.unknown.length,
    unknownExecuted,
    settledByService: kinds.executed.filter(({ answer }) => answer?.replayed === true).length,
    slowestMs: Math.round(slowestMs),
    againAfterMs: againAfterMs === undefined ? undefined : Math.round(againAfterMs),
  }
  const file = process.env[FIGURES_VARIABLE]
  if (file !== undefined) await appendFile(file, `${JSON.stringify(figures)}\n`)
  t.comment(JSON.stringify(figures))
  return figures
}

type Outcome = 'executed' | 'refused' | 'away' | 'unknown'

function outcomeOf(answer: Answer | undefined): Outcome {
  if (answer === undefined || answer.body.code === 'OUTCOME_UNKNOWN') return 'unknown'
  if (answer.status === 200) return 'executed'
  return answer.status === 503 ? 'away' : 'refused'
}

/** Repeats a movement until its outcome is told, or the list that it was sent in, as it was. */
function settler(url: string): (movement: Movement) => Promise<Answer> {
  const client = createClient(url)
  const settled = new Map<SentList, Promise<ReadonlyMap<Movement, Answer>>>()

  function settleList(list: SentList): Promise<ReadonlyMap<Movement, Answer>> {
    return eventually('an outcome of a list', SETTLE_LIMIT_MS, async () => {
      const answers = await sendList(client, list).catch(() => undefined)
      const told = list.items.flatMap((item, index) => {
        const answer = answers?.items[index]
        return answer === undefined || answer.status === 503 ? [] : [[item, answer] as const]
      })
      return told.length === list.items.length ? new Map(told) : undefined
    })
  }

  return async (movement) => {
    const { list, transactionID } = movement
    if (list === undefined)
      return eventually(`an outcome of ${transactionID}`, SETTLE_LIMIT_MS, async () => {
        const answer = await send(client, movement)
        return answer === undefined || answer.status === 503 ? undefined : answer
      })
    const answers = settled.get(list) ?? settleList(list)
    settled.set(list, answers)
    const answer = (await answers).get(movement)
    if (answer === undefined) throw new Error(`${transactionID} is not in its list`)
    return answer
  }
}

type Recorded = Readonly<Record<string, unknown>>

/** What each ID's own user did with it. */
async function readLedger(database: ServerAddress): Promise<ReadonlyMap<string, Recorded>> {
  const rows = await administer(
    database,
    'SELECT transaction_id, user_id, id, amount, balance, passive_user_id FROM user_wallet_transaction WHERE type <> 3',
  )
  return new Map(rows.map((row) => [String(row.transaction_id), row]))
}

function isRecorded({ answer, ...movement }: Movement, recorded: Recorded | undefined): boolean {
  if (recorded === undefined || answer === undefined) return false
  const { body } = answer
  return (
    recorded.user_id === movement.userID &&
    recorded.passive_user_id === movement.passiveUserID &&
    recorded.amount === String(movement.amount) &&
    recorded.amount === String(body.amount) &&
    recorded.id === String(body.id) &&
    recorded.balance === String(body.balance)
  )
}

function errorsIn(log: string, expected: RegExp | undefined): readonly string[] {
  return log.split('\n').filter((line) => {
    if (!line.startsWith('{')) return false
    const { level, msg } = JSON.parse(line)
    return level >= ERROR_LEVEL && expected?.test(msg) !== true
  })
}

async function connectionsAreQuiet(t: Test, database: ServerAddress, most: number): Promise<void> {
  const count = async () => {
    const [row] = await administer(
      database,
      `SELECT count(*)::int AS open, (count(*) FILTER (WHERE state LIKE 'idle in transaction%'))::int AS holding
       FROM pg_stat_activity
       WHERE datname = current_database() AND application_name = 'wallet-service' AND pid <> pg_backend_pid()`,
    )
    return { open: Number(row?.open), holding: Number(row?.holding) }
  }
  const quiet = await eventually('connections given back', QUIET_LIMIT_MS, async () => {
    const found = await count()
    return found.open <= most && found.holding === 0 ? found : undefined
  }).catch(count)
  t.ok(quiet.open <= most, `no connection leaks: ${quiet.open} of ${most}`)
  t.equal(quiet.holding, 0, 'none is left in a transaction')
}
