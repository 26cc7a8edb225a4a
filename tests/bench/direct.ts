import { randomUUID } from 'node:crypto'
import { connect, migrate, migrationNames } from '../../db/migrate.ts'
import { createPostgresWalletStore } from '../../src/adapters/postgres/wallet-store.ts'
import { decideBatch } from '../../src/domain/decide.ts'
import { fromMilliseconds } from '../../src/domain/instant.ts'
import { administer } from '../support/database.ts'
import { startDatabaseServer } from '../support/database-server.ts'
import { fillWallets } from './ledger.ts'
const server = await startDatabaseServer(process.env)
try {
  await administer(server.address, `CREATE DATABASE b`)
  const address = { ...server.address, database: 'b' }
  await migrate(address, 'up')
  const c = await connect(address)
  await fillWallets(c, 10000, () => {})
  if (process.env.PRE) await c.query(process.env.PRE)
  const store = createPostgresWalletStore({ address, writeLanes: 1, readLanes: 1, schemaVersion: (await migrationNames()).at(-1) ?? '' })
  const size = Number(process.env.SIZE ?? 64)
  for (let round = 0; round < 6; round += 1) {
    const t0 = performance.now()
    const N = 50
    let dec = 0
    for (let i = 0; i < N; i += 1) {
      const commands: any[] = Array.from({ length: size }, () => {
        const a = 1 + Math.floor(Math.random() * 10000), b = 1 + (a % 10000)
        return { userID: `user-${a}`, transactionID: randomUUID(), requestID: 'x', expiresAt: fromMilliseconds(4e12), movement: { kind: 'transfer', amount: 1n, passiveUserID: `user-${b}` } }
      })
      const wallets: any = new Set(commands.flatMap((k) => [k.userID, k.movement.passiveUserID]))
      await store.transact({ wallets, transactionIDs: commands }, (s, n) => { const d0 = performance.now(); const r = decideBatch(commands, s, n); dec += performance.now() - d0; return r })
    }
    process.stdout.write(`batch of ${size}: ${((performance.now() - t0) / N).toFixed(2)} ms, decide ${(dec / N).toFixed(2)} ms -> ${Math.round(size * N / (performance.now() - t0) * 1000)}/s\n`)
  }
  const { rows } = await c.query("select pid, wait_event_type, wait_event, state, left(query,60) q from pg_stat_activity where datname='b'")
  void rows
  await store.close(); await c.end()
} finally { await server.stop() }
