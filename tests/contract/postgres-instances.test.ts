import t, { type Test } from 'tap'
import { migrationNames } from '../../db/migrate.ts'
import { createPostgresWalletStore } from '../../src/adapters/postgres/wallet-store.ts'
import type { LedgerReads } from '../../src/ports/inspection.ts'
import type { WalletStore } from '../../src/ports/wallet-store.ts'
import { createTestDatabase, isOnCitus } from '../support/database/database.ts'
import { walletStoreContract } from './wallet-store-contract.ts'

const INSTANCES = 4

/** Each call goes to another of some stores on one database, as it does behind a balancer. */
async function createStore(t: Test): Promise<WalletStore & LedgerReads> {
  const address = await createTestDatabase(t)
  const schemaVersion = (await migrationNames()).at(-1) ?? ''
  const stores = Array.from({ length: INSTANCES }, () =>
    createPostgresWalletStore({ address, writeConnections: 2, readConnections: 1, schemaVersion }),
  )
  const close = async () => void (await Promise.all(stores.map((store) => store.close())))
  t.teardown(close)
  let turn = 0
  const next = () => {
    turn += 1
    const store = stores[turn % INSTANCES]
    if (store === undefined) throw new RangeError('there is no such store')
    return store
  }
  return {
    open: (userIDs) => next().open(userIDs),
    transact: (commands, decide) => next().transact(commands, decide),
    changeState: (request) => next().changeState(request),
    wallets: (userIDs) => next().wallets(userIDs),
    outcome: (userID, transactionID) => next().outcome(userID, transactionID),
    epochs: () => next().epochs(),
    history: (query) => next().history(query),
    news: (positions) => next().news(positions),
    walletAt: (moment) => next().walletAt(moment),
    statement: (period) => next().statement(period),
    feed: (query) => next().feed(query),
    feedEnd: () => next().feedEnd(),
    feedHold: () => next().feedHold(),
    find: (search) => next().find(search),
    findTransaction: (transactionID) => next().findTransaction(transactionID),
    findReference: (reference) => next().findReference(reference),
    stateChanges: (userID) => next().stateChanges(userID),
    newest: (limit) => next().newest(limit),
    curve: (query) => next().curve(query),
    lastAudit: () => next().lastAudit(),
    delivery: () => next().delivery(),
    ping: () => next().ping(),
    close,
  }
}

walletStoreContract(t, createStore, { feed: !isOnCitus() })
