import type { UserID } from '../../src/domain/user-id.ts'
import type { Send } from '../support/http/http.ts'
import { type Call, moveAnswers, type WalletOperation, type WireAnswer } from './calls.ts'
import type { Cast } from './cast.ts'
import type { Plan, Step } from './random-plans.ts'
import { send } from './sending.ts'

/** What happened when a plan was played. */
export interface Recording {
  /** By the time of their calls; without what surely did not happen. */
  readonly history: readonly WalletOperation[]
  /** How many were answered with 503, and surely did not happen. */
  readonly failed: number
}

/** Plays the clients of a plan at the same time, each on the next of the services, then looks at everything once more. */
export async function play(
  plan: Plan,
  cast: Cast,
  services: readonly Send[],
  calmDown: () => void,
): Promise<Recording> {
  const history: WalletOperation[] = []
  let failed = 0

  /** Sends calls in one request; says whether an answer came that settles the matter, and what it was. */
  async function ask(client: string, service: Send, calls: readonly Call[]): Promise<readonly Answered[] | undefined> {
    const calledAtMs = performance.now()
    const answers = await send(service, calls)
    const atMs = performance.now()
    const settled: Answered[] = []
    for (const [index, call] of calls.entries()) {
      const answer = answers[index]
      const code = answer?.body.code
      if (code === 'OVERLOADED' || code === 'DATABASE_UNAVAILABLE') failed += 1
      else if (answer !== undefined && !isUnknown(call, answer)) {
        history.push({ client, call, calledAtMs, answered: { answer, atMs } })
        settled.push([call, answer])
      } else if (WRITES.has(call.kind)) history.push({ client, call, calledAtMs, answered: undefined })
    }
    return settled.length === calls.length ? settled : undefined
  }

  async function playClient(steps: readonly Step[], index: number): Promise<void> {
    const service = services[index % services.length]
    if (service === undefined) throw new RangeError('there is no service')
    const versions = createVersions()
    for (const step of steps) {
      for (let attempts = 0; attempts <= plan.patience; attempts += 1) {
        // The same again, but a list of its own: nothing is said of the order of items that came in two requests.
        const answers = await ask(`client ${index}`, service, cast.callsOf(step, versions.of))
        if (answers === undefined) continue
        for (const answer of answers) versions.see(...answer)
        break
      }
    }
  }

  /** The outcome of everything, seen by one who asks until there is an answer. */
  async function audit(): Promise<void> {
    const calls: Call[] = [
      ...cast.users.map((userID) => ({ kind: 'wallet', userID }) as const),
      ...cast.users.map((userID) => ({ kind: 'history', query: { userID, limit: 1000 } }) as const),
      ...[...cast.ids.values()].map(({ userID, id }) => ({ kind: 'status', userID, id }) as const),
    ]
    const [service] = services
    if (service === undefined) throw new RangeError('there is no service')
    await Promise.all(calls.map((call, index) => askUntilAnswered(`auditor ${index}`, service, call)))
  }

  async function askUntilAnswered(client: string, service: Send, call: Call): Promise<void> {
    const deadline = performance.now() + AUDIT_PATIENCE_MS
    while ((await ask(client, service, [call])) === undefined)
      if (performance.now() > deadline) throw new Error(`no answer to ${call.kind} within ${AUDIT_PATIENCE_MS} ms`)
  }

  await Promise.all(plan.clients.map(playClient))
  calmDown()
  await audit()
  return { history: history.toSorted((a, b) => a.calledAtMs - b.calledAtMs), failed }
}

type Answered = readonly [Call, WireAnswer]

const AUDIT_PATIENCE_MS = 30_000
const WRITES: ReadonlySet<Call['kind']> = new Set(['open', 'move', 'atomic', 'state'])

/** An atomic list has one outcome: if that of one item is not known, that of none is. */
function isUnknown(call: Call, answer: WireAnswer): boolean {
  if (answer.body.code === 'OUTCOME_UNKNOWN') return true
  return call.kind === 'atomic' && moveAnswers(call, answer).some(([, { status }]) => status === 503)
}

/** What one client has seen of the versions of wallets, for the conditions that it sets. */
function createVersions() {
  const versions = new Map<UserID, bigint>()
  return {
    of: (userID: UserID): bigint => versions.get(userID) ?? 0n,
    see(call: Call, answer: WireAnswer): void {
      for (const [{ userID }, { body }] of moveAnswers(call, answer)) note(userID, body.id)
      if (call.kind === 'open' || call.kind === 'wallet' || call.kind === 'state')
        note(call.userID, answer.body.version)
    },
  }

  function note(userID: UserID, version: unknown): void {
    if (typeof version === 'number') versions.set(userID, BigInt(version))
  }
}
