import { type Command, walletsOf } from '../domain/command.ts'
import { decideBatch } from '../domain/decide.ts'
import type { HistoryQuery } from '../domain/history.ts'
import { after, type Instant, type Micros } from '../domain/instant.ts'
import type { Outcome } from '../domain/outcome.ts'
import type { TransactionID } from '../domain/transaction.ts'
import type { UserID } from '../domain/user-id.ts'
import type { QueueName, Telemetry } from '../ports/telemetry.ts'
import type { TransactionIDs } from '../ports/transaction-ids.ts'
import type { Rejected, TransactionStatus, WalletService } from '../ports/wallet-service.ts'
import type { Clock, WalletStore } from '../ports/wallet-store.ts'
import { type BatcherBounds, createBatcher } from './batcher.ts'

export interface WalletServiceDeps {
  readonly store: WalletStore
  readonly transactionIDs: TransactionIDs
  readonly clock: Clock
  /** How long an unused transaction ID may be used. */
  readonly transactionIDTtl: Micros
  readonly bounds: ServiceBounds
  readonly telemetry?: Telemetry
}

/** The bounds of the four ways to the store. */
export interface ServiceBounds {
  readonly movements: BatcherBounds
  readonly opens: BatcherBounds
  readonly walletReads: BatcherBounds
  /** History and status: one request a batch. */
  readonly singleReads: BatcherBounds
}

/** Reads may run in any order, and many of one wallet at once. */
const READS = { keysOf: (): readonly string[] => [], readsOnly: true } as const

export function createWalletService(deps: WalletServiceDeps): WalletService {
  const { store, transactionIDs, clock, transactionIDTtl, bounds, telemetry } = deps
  const watched = (name: QueueName) => ({ name, ...(telemetry && { telemetry }) })

  const movements = createBatcher<Command, Outcome>({
    ...bounds.movements,
    ...watched('write'),
    keysOf: walletsOf,
    run: (commands) => store.transact(commands, decideBatch),
  })
  const opens = createBatcher({
    ...bounds.opens,
    ...watched('open'),
    keysOf: (userID: UserID) => [userID],
    run: (users) => store.open(users),
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
  const outcomes = createBatcher({
    ...bounds.singleReads,
    ...watched('read_status'),
    ...READS,
    run: each((of: { userID: UserID; transactionID: TransactionID }) => store.outcome(of.userID, of.transactionID)),
  })

  function expiry(issuedAt: Instant): Instant {
    return after(issuedAt, transactionIDTtl)
  }

  return {
    async open(userID) {
      const settled = await opens.submit(userID)
      return settled.kind === 'done' ? { kind: 'opened', ...settled.result } : settled
    },

    async wallet(userID) {
      const settled = await walletReads.submit(userID)
      if (settled.kind === 'failed') return settled
      return settled.result === undefined ? rejected('WALLET_NOT_FOUND') : { kind: 'found', wallet: settled.result }
    },

    issue(userID) {
      const now = clock()
      return { transactionID: transactionIDs.issue(userID, now), expiresAt: expiry(now) }
    },

    async status(userID, transactionID) {
      if (outcomes.isFull()) return { kind: 'failed', code: 'OVERLOADED' }
      const issuedAt = transactionIDs.issuedAt(userID, transactionID)
      if (issuedAt === undefined) return rejected('TRANSACTION_ID_UNKNOWN')
      const settled = await outcomes.submit({ userID, transactionID })
      if (settled.kind === 'failed') return settled
      const { stored, now } = settled.result
      const unused: TransactionStatus = { kind: now >= expiry(issuedAt) ? 'expired' : 'unused' }
      return { kind: 'status', status: stored ?? unused }
    },

    isOverloaded: () => movements.isFull(),

    async submit(request) {
      const { userID, transactionID, movement } = request
      if (movements.isFull()) return { kind: 'failed', code: 'OVERLOADED' }
      if (movement.passiveUserID === userID) return rejected('SELF_TRANSFER')
      const issuedAt = transactionIDs.issuedAt(userID, transactionID)
      if (issuedAt === undefined) return rejected('TRANSACTION_ID_UNKNOWN')
      const settled = await movements.submit({ ...request, expiresAt: expiry(issuedAt) })
      return settled.kind === 'done' ? settled.result : settled
    },

    async history(query) {
      const settled = await histories.submit(query)
      if (settled.kind === 'failed') return settled
      return settled.result === undefined ? rejected('WALLET_NOT_FOUND') : { kind: 'page', page: settled.result }
    },
  }
}

function rejected(code: Rejected['code']): Rejected {
  return { kind: 'rejected', code }
}

function each<Item, Result>(
  run: (item: Item) => Promise<Result>,
): (items: readonly Item[]) => Promise<readonly Result[]> {
  return (items) => Promise.all(items.map(run))
}
