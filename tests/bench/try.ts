import { randomBytes } from 'node:crypto'
import { connect, migrate } from '../../db/migrate.ts'
import { createSignedTransactionIDs } from '../../src/adapters/signed-transaction-ids/transaction-ids.ts'
import { administer, toURL } from '../support/database.ts'
import { startDatabaseServer } from '../support/database-server.ts'
import { fillWallets, findDamage } from './ledger.ts'
import { runPgbench, runWrk, startServiceProcess } from './programs.ts'
import { createTransfers, uniform, writeRequests } from './workload.ts'

const say = (line: string) => process.stdout.write(`${line}\n`)
const wallets = Number(process.env.WALLETS ?? 10_000)
const connections = (process.env.CONNECTIONS ?? '64,256').split(',').map(Number)
const seconds = Number(process.env.SECONDS ?? 6)
const server = await startDatabaseServer(process.env)
const key = randomBytes(32)
const ids = createSignedTransactionIDs(key)
try {
  for (const name of ['bench_service', 'bench_pgbench']) {
    await administer(server.address, `CREATE DATABASE ${name}`)
    await migrate({ ...server.address, database: name }, 'up')
    const client = await connect({ ...server.address, database: name })
    await fillWallets(client, wallets, () => {})
    await client.end()
  }
  if (process.env.PGBENCH !== '0') for (const clients of wallets === 2 ? [4, 16] : [16, 32])
    say(`pgbench ${clients}: ${Math.round(await runPgbench({ ...server.address, database: 'bench_pgbench' }, wallets, clients, seconds))}`)
  const address = { ...server.address, database: 'bench_service' }
  const service = await startServiceProcess({ DATABASE_URL: toURL(address), TRANSACTION_ID_KEY: key.toString('base64') })
  for (const n of connections) {
    await writeRequests('/tmp/bench-requests', 26000 * seconds, createTransfers(uniform(wallets, Math.random), ids))
    const m = await runWrk(service.url, '/tmp/bench-requests', n, seconds)
    say(`service ${n}: ${Math.round(m.perSecond)}/s  p50 ${m.p50Ms} p99 ${m.p99Ms} failed ${m.failed} refused ${m.refused}`)
  }
  await service.stop()
  const client = await connect(address)
  say(`damage: ${JSON.stringify(await findDamage(client))}`)
  await client.end()
} finally {
  await server.stop()
}
