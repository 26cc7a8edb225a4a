import t, { type Test } from 'tap'
import type { ServerAddress } from '../../db/address.ts'
import { migrationNames } from '../../db/migrate.ts'
import { createPostgresWalletStore } from '../../src/adapters/postgres/wallet-store.ts'
import type { WalletStore } from '../../src/ports/wallet-store.ts'
import { createTestDatabase } from '../support/database/database.ts'
import { runBatch } from '../support/database/run-commands.ts'
import { alice, command, deposit } from '../support/domain-builders.ts'
import { eventually } from '../support/eventually.ts'
import { createFaultyRelay, type FaultyRelay } from '../support/faults/faulty-relay.ts'

const LIMIT_MS = 5000
const NEVER = 8_000_000_000_000_000n as ReturnType<typeof command>['expiresAt']

/** A store behind a relay, its one read connection open, and another on the same database that no fault touches. */
async function start(t: Test): Promise<{ relay: FaultyRelay; store: WalletStore; other: WalletStore }> {
  const database = await createTestDatabase(t)
  const relay = await createFaultyRelay(t, database)
  const store = await connectStore(t, relay.address)
  await store.ping()
  return { relay, store, other: await connectStore(t, database) }
}

async function connectStore(t: Test, address: ServerAddress): Promise<WalletStore> {
  const schemaVersion = (await migrationNames()).at(-1) ?? ''
  const store = createPostgresWalletStore({ address, schemaVersion, writeConnections: 1, readConnections: 1 })
  t.teardown(() => store.close())
  return store
}

async function seen(store: WalletStore): Promise<true | undefined> {
  const [wallet] = await store.wallets([alice])
  return wallet && true
}

t.test('a wallet is answered as it was opened, even where money came in before the answer', async (t) => {
  const { relay, store, other } = await start(t)
  relay.expect({ moment: 'answer', nth: 1, deed: 'hold', ms: 500 })
  const opening = store.open([alice])
  await eventually('the wallet', LIMIT_MS, () => seen(other))
  const [paidIn] = await runBatch(other, [command(deposit(6n), { expiresAt: NEVER })])
  t.equal(paidIn?.kind, 'executed')
  const [opened] = await opening
  t.match(opened, { created: true, wallet: { balance: 0n, version: 0n } })
})

t.test('an opening whose answer was lost may have happened, and says so', async (t) => {
  const { relay, store, other } = await start(t)
  relay.expect({ moment: 'answer', nth: 1, deed: 'cut', ms: 0 })
  await t.rejects(store.open([alice]), { name: 'StoreError', written: 'unknown' })
  t.ok(await seen(other), 'and it has')
  t.match(await store.open([alice]), [{ created: false }], 'the next attempt finds it')
})
