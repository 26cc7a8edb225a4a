import type { Command } from '../../../src/domain/command.ts'
import { decideBatch } from '../../../src/domain/decide.ts'
import type { Outcome } from '../../../src/domain/outcome.ts'
import type { Transaction } from '../../../src/domain/transaction.ts'
import type { UserID } from '../../../src/domain/user-id.ts'
import type { WalletStore } from '../../../src/ports/wallet-store.ts'

/** Everything that a store says of some users. */
export interface Account {
  readonly userID: UserID
  readonly balance: bigint
  readonly version: bigint
  /** Oldest first. */
  readonly history: readonly Transaction[]
}

const PAGE = 7
/** Many times what any test here writes. */
const MAX_HISTORY = 10_000

/** Runs a batch as the service does. */
export function runBatch(store: WalletStore, commands: readonly Command[]): Promise<readonly Outcome[]> {
  return store.transact(commands, decideBatch)
}

export async function runBatches(
  store: WalletStore,
  batches: readonly (readonly Command[])[],
): Promise<readonly Outcome[]> {
  const outcomes: Outcome[] = []
  for (const batch of batches) outcomes.push(...(await runBatch(store, batch)))
  return outcomes
}

/** Reads wallets and, page by page, their whole histories; `undefined` for who has no wallet. */
export async function readAccounts(
  store: WalletStore,
  users: readonly UserID[],
): Promise<readonly (Account | undefined)[]> {
  const wallets = await store.wallets(users)
  return Promise.all(
    users.map(async (userID, index) => {
      const wallet = wallets[index]
      const history = await readHistory(store, userID)
      if (wallet === undefined || history === undefined) return undefined
      return { userID, balance: wallet.balance, version: wallet.version, history }
    }),
  )
}

async function readHistory(store: WalletStore, userID: UserID): Promise<Transaction[] | undefined> {
  const newestFirst: Transaction[] = []
  let idBefore: bigint | null = null
  do {
    const page = await store.history({ userID, limit: PAGE, ...(idBefore === null ? {} : { idBefore }) })
    if (page === undefined) return undefined
    newestFirst.push(...page.transactions)
    if (newestFirst.length > MAX_HISTORY) throw new Error('the history does not end')
    idBefore = page.nextIDBefore
  } while (idBefore !== null)
  return newestFirst.reverse()
}

/** The outcome without the time at which it came about. */
export function timeless(outcome: Outcome): unknown {
  switch (outcome.kind) {
    case 'executed':
      return { ...outcome, transaction: { ...outcome.transaction, createdAt: undefined } }
    case 'refused':
      return { ...outcome, refusal: { ...outcome.refusal, createdAt: undefined } }
    case 'rejected':
      return outcome
    default:
      return outcome satisfies never
  }
}

export function timelessAccount(account: Account | undefined): unknown {
  return account && { ...account, history: account.history.map((each) => ({ ...each, createdAt: undefined })) }
}
