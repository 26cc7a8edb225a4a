import { setTimeout as delay } from 'node:timers/promises'
import t, { type Test } from 'tap'
import type { ServerAddress } from '../../db/address.ts'
import { connect, migrationNames } from '../../db/migrate.ts'
import { createPostgresWalletStore } from '../../src/adapters/postgres/wallet-store.ts'
import { createStandbyReads } from '../../src/app/standby-reads.ts'
import type { UserID } from '../../src/domain/user-id.ts'
import type { LedgerReads } from '../../src/ports/inspection.ts'
import { NO_TELEMETRY, type StandbyOutcome } from '../../src/ports/telemetry.ts'
import { StoreError, type WalletStore } from '../../src/ports/wallet-store.ts'
import { createTestDatabase, type TestServer } from '../support/database/database.ts'
import { openPatientStandby, PATIENT } from '../support/database/patient-standby.ts'
import { startReplicated } from '../support/database/replicated.ts'
import { eventually } from '../support/eventually.ts'
import { ANN, command, deposit, executed } from './store-calls.ts'
import { walletStoreContract } from './wallet-store-contract.ts'

const LIMIT_MS = 60_000
const LONGEST_PAUSE_MS = 30

const replicated = await startReplicated(t)
const { caughtUp } = replicated.standby
const [primary, standby] = [replicated.primary.address, replicated.standby.address]
const server: TestServer = { address: { ...primary, database: 'postgres' }, template: primary.database }
const counts: Record<StandbyOutcome, number> = { answered: 0, behind: 0, unusable: 0 }

/** Reads go to the standby, with the version that the wallet has by now: to who has seen everything, that is. */
async function createStore(t: Test): Promise<WalletStore & LedgerReads> {
  const address = await createTestDatabase(t, server)
  const schemaVersion = (await migrationNames()).at(-1) ?? ''
  const store = createPostgresWalletStore({ address, writeConnections: 8, readConnections: 2, schemaVersion })
  t.teardown(() => store.close())
  await caughtUp()
  const copy = await openPatientStandby(t, address, { ...standby, database: address.database })
  const reads = createStandbyReads(copy, PATIENT, {
    ...NO_TELEMETRY,
    standby: () => (outcome) => {
      counts[outcome] += 1
    },
  })
  /** None of a wallet that is not open: who has seen that sends none. */
  async function versionOf(userID: UserID): Promise<bigint | undefined> {
    const [wallet] = await store.wallets([userID])
    return wallet?.state === undefined ? wallet?.version : undefined
  }
  return {
    ...store,
    async transact(units, decide) {
      // A large batch may take longer than the server lets it, on a machine that is busy. The batcher would try it again.
      for (;;) {
        try {
          return await store.transact(units, decide)
        } catch (error) {
          if (!(error instanceof StoreError)) throw error
          t.comment(`a batch is tried again: ${error.message}`)
        }
      }
    },
    wallets: (userIDs) =>
      Promise.all(
        userIDs.map(async (userID) => {
          const version = await versionOf(userID)
          const found = version === undefined ? undefined : await reads.wallet(userID, version)
          return found ?? (await store.wallets([userID]))[0]
        }),
      ),
    async history(query) {
      const version = await versionOf(query.userID)
      const page = version === undefined ? undefined : await reads.history(query, version)
      return page ?? store.history(query)
    },
  }
}

/** Stops and goes on, again and again, with pauses that differ. */
async function stopAndGo(address: ServerAddress, signal: AbortSignal): Promise<void> {
  const client = await connect(address)
  const pause = () => delay(Math.random() * LONGEST_PAUSE_MS)
  while (!signal.aborted) {
    await client.query('SELECT pg_wal_replay_pause()')
    await pause()
    await client.query('SELECT pg_wal_replay_resume()')
    await pause()
  }
  await client.end()
}

const ending = new AbortController()
const stopping = stopAndGo(standby, ending.signal)
t.teardown(async () => {
  ending.abort()
  await stopping
})

walletStoreContract(t, createStore)

t.test('it was asked, and was behind now and then', async (t) => {
  const store = await createStore(t)
  await store.open([ANN])
  await eventually('both were met', LIMIT_MS, async () => {
    await executed(store, command(ANN, deposit(1n)))
    await store.wallets([ANN])
    return counts.answered > 0 && counts.behind > 0 ? true : undefined
  })
  t.comment(`${counts.answered} reads were answered by the standby, ${counts.behind} times it was behind`)
})
