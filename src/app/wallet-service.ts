import { type AtomicList, type Command, isList, type Unit, walletsOf } from '../domain/command.ts'
import { decideBatch } from '../domain/decide.ts'
import type { HistoryQuery } from '../domain/history.ts'
import { after, type Instant, type Micros } from '../domain/instant.ts'
import type { Outcome } from '../domain/outcome.ts'
import type { Moment, Period } from '../domain/past.ts'
import type { TransactionID } from '../domain/transaction.ts'
import type { UserID } from '../domain/user-id.ts'
import type { Wallet } from '../domain/wallet.ts'
import type { StateRequest } from '../domain/wallet-state.ts'
import type { QueueName, Telemetry } from '../ports/telemetry.ts'
import type { Proof, TransactionIDs } from '../ports/transaction-ids.ts'
import type {
  ListAnswer,
  MovementRequest,
  Rejected,
  TransactionStatus,
  WalletService,
} from '../ports/wallet-service.ts'
import type { Clock, KnownOutcome, WalletStore } from '../ports/wallet-store.ts'
import { type BatcherBounds, createBatcher, OVERLOADED, READS, type Settled } from './batcher.ts'
import { createFeedReader, type FeedBounds } from './feed.ts'
import type { StandbyReads } from './standby-reads.ts'

export interface WalletServiceDeps {
  readonly store: WalletStore
  /** For reads that may be a little old. */
  readonly standby?: StandbyReads | undefined
  readonly transactionIDs: TransactionIDs
  readonly clock: Clock
  /** How long an unused transaction ID may be used. */
  readonly transactionIDTtl: Micros
  readonly bounds: ServiceBounds
  /** Told of each batch that was committed. */
  readonly committed?: (units: readonly Unit[]) => void
  readonly telemetry?: Telemetry
}

/** The bounds of the ways to the store. */
export interface ServiceBounds {
  readonly movements: BatcherBounds
  readonly opens: BatcherBounds
  readonly stateChanges: BatcherBounds
  readonly walletReads: BatcherBounds
  /** History, status and the past: one request a batch. */
  readonly singleReads: BatcherBounds
  readonly feed: FeedBounds
}

/** Long enough ago to be over by the database's clock, and not so long that no one could still write before it. */
const JUST_NOW: Micros = 5_000_000n

export function createWalletService(deps: WalletServiceDeps): WalletService {
  const { store, standby, transactionIDs, clock, transactionIDTtl, bounds, committed, telemetry } = deps
  const watched = (name: QueueName) => ({ name, ...(telemetry && { telemetry }) })

  const feed = createFeedReader(store, bounds.feed, telemetry)
  const movements = createBatcher<Unit, readonly Outcome[]>({
    ...bounds.movements,
    ...watched('write'),
    keysOf: walletsOfUnit,
    sizeOf: sizeOfUnit,
    async run(units) {
      const outcomes = await store.transact(units, decideBatch)
      committed?.(units)
      feed.wrote()
      return shareOut(units, outcomes)
    },
  })
  const opens = createBatcher({
    ...bounds.opens,
    ...watched('open'),
    keysOf: (userID: UserID) => [userID],
    run: (users) => store.open(users),
  })
  const stateChanges = createBatcher({
    ...bounds.stateChanges,
    ...watched('change_state'),
    keysOf: ({ userID }: StateRequest) => [userID],
    run: each((request: StateRequest) => store.changeState(request)),
  })
  const walletReads = createBatcher({
    ...bounds.walletReads,
    ...watched('read_wallet'),
    ...READS,
    run: (users: readonly UserID[]) => store.wallets(users),
  })
  const histories = createBatcher({
    ...bounds.singleReads,
    ...watched('read_history'),
    ...READS,
    run: each((query: HistoryQuery) => store.history(query)),
  })
  const moments = createBatcher({
    ...bounds.singleReads,
    ...watched('read_wallet_at'),
    ...READS,
    run: each((moment: Moment) => store.walletAt(moment)),
  })
  // Apart, since one that adds up 100 000 transactions takes 40 ms.
  const statements = createBatcher({
    ...bounds.singleReads,
    ...watched('read_statement'),
    ...READS,
    run: each((period: Period) => store.statement(period)),
  })
  const outcomes = createBatcher({
    ...bounds.singleReads,
    ...watched('read_status'),
    ...READS,
    run: each((of: { userID: UserID; transactionID: TransactionID }) => store.outcome(of.userID, of.transactionID)),
  })

  function expiry(issuedAt: Instant): Instant {
    return after(issuedAt, transactionIDTtl)
  }

  /** As {@link decideBatch} would judge it. */
  function unusedStatus(proof: Proof, { now, epoch }: KnownOutcome): TransactionStatus {
    if (proof.epoch !== epoch) return { kind: 'retired' }
    return { kind: now >= expiry(proof.issuedAt) ? 'expired' : 'unused' }
  }

  /** The checks that need no database. */
  function toCommand(request: MovementRequest): { readonly kind: 'command'; readonly command: Command } | Rejected {
    const { userID, transactionID, movement } = request
    if (movement.passiveUserID === userID) return rejected('SELF_TRANSFER')
    const proof = transactionIDs.prove(userID, transactionID)
    if (proof === undefined) return rejected('TRANSACTION_ID_UNKNOWN')
    return { kind: 'command', command: { ...request, expiresAt: expiry(proof.issuedAt), epoch: proof.epoch } }
  }

  /**
   * A wallet of the primary, of which a standby may have shown this version already: a commit that waits for a synchronous standby
   * is not shown here yet, and keeps its wallet locked. A read of the moment that was just now waits for that lock.
   */
  async function readPrimary(userID: UserID, shown = 0n): Promise<Settled<Wallet | undefined>> {
    const read = await walletReads.submit(userID)
    if (read.kind === 'failed' || read.result === undefined || read.result.version >= shown) return read
    const waited = await moments.submit({ userID, at: after(clock(), -JUST_NOW) })
    return waited.kind === 'failed' ? waited : walletReads.submit(userID)
  }

  async function submitTogether(list: AtomicList): Promise<readonly ListAnswer[]> {
    if (list.commands.length === 0) return []
    const settled = await movements.submit(list)
    return settled.kind === 'done' ? settled.result : list.commands.map(() => settled)
  }

  async function submitEach(commands: readonly Command[]): Promise<readonly ListAnswer[]> {
    const settled = await movements.submitAll(commands)
    return settled.map((each) => (each.kind === 'done' ? theOnly(each.result) : each))
  }

  return {
    async open(userID) {
      const settled = await opens.submit(userID)
      return settled.kind === 'done' ? { kind: 'opened', ...settled.result } : settled
    },

    async wallet(userID, atLeast) {
      const shown = standby === undefined ? undefined : atLeast
      const wallet = shown === undefined ? undefined : await standby?.wallet(userID, shown)
      if (wallet !== undefined) return { kind: 'found', wallet }
      const settled = await readPrimary(userID, shown)
      if (settled.kind === 'failed') return settled
      return settled.result === undefined ? rejected('WALLET_NOT_FOUND') : { kind: 'found', wallet: settled.result }
    },

    issue(userID) {
      const now = clock()
      return { transactionID: transactionIDs.issue(userID, now), expiresAt: expiry(now) }
    },

    issueMany(userID, count) {
      const now = clock()
      const issued = Array.from({ length: count }, () => transactionIDs.issue(userID, now))
      return { transactionIDs: issued, expiresAt: expiry(now) }
    },

    async status(userID, transactionID) {
      if (outcomes.room() === 0) return OVERLOADED
      const proof = transactionIDs.prove(userID, transactionID)
      if (proof === undefined) return rejected('TRANSACTION_ID_UNKNOWN')
      const settled = await outcomes.submit({ userID, transactionID })
      if (settled.kind === 'failed') return settled
      return { kind: 'status', status: settled.result.stored ?? unusedStatus(proof, settled.result) }
    },

    isOverloaded: () => movements.room() === 0,

    async submit(request) {
      if (movements.room() === 0) return OVERLOADED
      const command = toCommand(request)
      if (command.kind === 'rejected') return command
      const settled = await movements.submit(command.command)
      return settled.kind === 'done' ? theOnly(settled.result) : settled
    },

    async submitList(requests, { atomic, impossible }) {
      if (movements.room() < requests.length) return OVERLOADED
      const checked = requests.map(toCommand)
      const commands = checked.flatMap((each) => (each.kind === 'command' ? each.command : []))
      const decided = atomic
        ? await submitTogether({ commands, impossible: impossible || commands.length < requests.length })
        : await submitEach(commands)
      const [first] = decided
      if (first?.kind === 'failed' && decided.every(isUndone)) return first
      const inOrder = decided.values()
      const answers = checked.map((each) => (each.kind === 'rejected' ? each : (inOrder.next().value as ListAnswer)))
      return { kind: 'answered', answers }
    },

    async changeState(request) {
      const settled = await stateChanges.submit(request)
      return settled.kind === 'done' ? settled.result : settled
    },

    async history(query, atLeast) {
      // What is below an id stays as it is, once all of it is there.
      const needed = query.idBefore === undefined ? atLeast : query.idBefore - 1n
      if (standby !== undefined && needed !== undefined) {
        const page = await standby.history(query, needed)
        if (page !== undefined) return { kind: 'page', page }
        const wallet = atLeast === undefined ? undefined : await readPrimary(query.userID, atLeast)
        if (wallet?.kind === 'failed') return wallet
      }
      const settled = await histories.submit(query)
      if (settled.kind === 'failed') return settled
      return settled.result === undefined ? rejected('WALLET_NOT_FOUND') : { kind: 'page', page: settled.result }
    },

    async walletAt(moment) {
      const settled = await moments.submit(moment)
      if (settled.kind === 'failed') return settled
      return settled.result.kind === 'absent' ? rejected('WALLET_NOT_FOUND') : settled.result
    },

    async statement(period) {
      const settled = await statements.submit(period)
      if (settled.kind === 'failed') return settled
      const statement = settled.result
      return statement === undefined ? rejected('WALLET_NOT_FOUND') : { kind: 'statement', statement }
    },

    feed: (query, wait) => feed.read(query, wait),
    endWaits: () => feed.endWaits(),
  }
}

function isUndone(answer: ListAnswer): boolean {
  return answer.kind === 'failed' && answer.code !== 'OUTCOME_UNKNOWN'
}

function walletsOfUnit(unit: Unit): readonly UserID[] {
  return isList(unit) ? [...new Set(unit.commands.flatMap(walletsOf))] : walletsOf(unit)
}

function sizeOfUnit(unit: Unit): number {
  return isList(unit) ? unit.commands.length : 1
}

/** The outcomes of a batch by its units. */
function shareOut(units: readonly Unit[], outcomes: readonly Outcome[]): readonly (readonly Outcome[])[] {
  let next = 0
  return units.map((unit) => {
    const start = next
    next += sizeOfUnit(unit)
    return outcomes.slice(start, next)
  })
}

function theOnly([outcome]: readonly Outcome[]): Outcome {
  if (outcome === undefined) throw new Error('a command has no outcome')
  return outcome
}

function rejected(code: Rejected['code']): Rejected {
  return { kind: 'rejected', code }
}

function each<Item, Result>(
  run: (item: Item) => Promise<Result>,
): (items: readonly Item[]) => Promise<readonly Result[]> {
  return (items) => Promise.all(items.map(run))
}
