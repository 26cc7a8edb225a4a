import { randomBytes } from 'node:crypto'
import { parseServerAddress, type ServerAddress } from '../../../db/address.ts'
import { connect, migrate } from '../../../db/migrate.ts'
import { administer, type TestServer } from '../database/database.ts'
import { eventually } from '../eventually.ts'
import type { Lifetime } from '../lifetime.ts'

/*
 * A Citus that runs already, with a coordinator and workers; nothing here starts one. Each test gets a database of its own
 * on all of them, cloned from one that has the extension and no one ever connects to: Citus would keep a process in it.
 */

export const CITUS_VARIABLE = 'CITUS_URL'
/** Enough for wallets to lie on different shards and workers; a test's database has three times as many tables on each. */
const SHARDS = 4
/** Until then wallets may stay locked after a fault, and the tests wait no longer than the service promises elsewhere. */
const MAX_RECOVERY_MS = 2000
const DROP_LIMIT_MS = 20_000
const FIND_EXTENSION = 'SELECT FROM pg_extension WHERE extname = $1'

/** Where the nodes of a Citus are, as its coordinator knows them. */
export interface CitusNodes {
  readonly coordinator: ServerAddress
  readonly workers: readonly ServerAddress[]
}

/** @throws an error of one line where `CITUS_URL` is no coordinator with workers. */
export async function findCitus(env: NodeJS.ProcessEnv): Promise<CitusNodes> {
  const url = env[CITUS_VARIABLE]
  if (url === undefined)
    throw new Error(
      `${CITUS_VARIABLE} is not set: it takes the coordinator of a running Citus, as postgres://user:password@host:port/database`,
    )
  const coordinator = parseServerAddress(url)
  if (coordinator === undefined) throw new Error(`${CITUS_VARIABLE} is not a PostgreSQL URL: ${url}`)
  const client = await connect(coordinator)
  try {
    const { rows: extensions } = await client.query(FIND_EXTENSION, ['citus'])
    if (extensions.length === 0) throw new Error(`the database of ${CITUS_VARIABLE} has no extension citus`)
    const { rows } = await client.query<{ nodename: string; nodeport: number }>(
      'SELECT nodename, nodeport FROM pg_dist_node WHERE groupid > 0 AND isactive ORDER BY nodeport, nodename',
    )
    if (rows.length === 0) throw new Error(`the database of ${CITUS_VARIABLE} has no workers`)
    const { rows: settings } = await client.query<{ ms: number }>(
      `SELECT setting::int AS ms FROM pg_settings WHERE name = 'citus.recover_2pc_interval'`,
    )
    const ms = settings[0]?.ms ?? 0
    if (ms < 0 || ms > MAX_RECOVERY_MS)
      throw new Error(
        `citus.recover_2pc_interval of the coordinator is ${ms} ms: set it to ${MAX_RECOVERY_MS} ms at most`,
      )
    const workers = rows.map(({ nodename, nodeport }) => ({ ...coordinator, host: nodename, port: nodeport }))
    return { coordinator, workers }
  } finally {
    await client.end()
  }
}

/** Makes the template on every node; gone when the lifetime is over. */
export async function prepareCitus(t: Lifetime, { coordinator, workers }: CitusNodes): Promise<TestServer> {
  const template = `wallet_template_${randomBytes(4).toString('hex')}`
  const nodes = [coordinator, ...workers]
  t.teardown(() => Promise.all(nodes.map((node) => drop(node, template))))
  await Promise.all(
    nodes.map(async (node) => {
      await administer(node, `CREATE DATABASE ${template}`)
      await administer({ ...node, database: template }, 'CREATE EXTENSION citus')
      await administer(node, `ALTER DATABASE ${template} ALLOW_CONNECTIONS false`)
      await administer(node, `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${template}'`)
    }),
  )
  return { address: coordinator, template, workers }
}

/**
 * A database on all nodes, which know each other there; dropped when the test is over, even if clients are still connected.
 *
 * @param options where the workers are reached, if not where they are; over how many shards a table is distributed.
 */
export async function createOnAllNodes(
  t: Lifetime,
  { coordinator, workers }: CitusNodes,
  template: string,
  { reachedAt = workers, shards = SHARDS }: { reachedAt?: readonly ServerAddress[]; shards?: number } = {},
): Promise<ServerAddress> {
  const database = `wallet_test_${randomBytes(6).toString('hex')}`
  const nodes = [coordinator, ...workers]
  t.teardown(() => Promise.all(nodes.map((node) => drop(node, database))))
  await Promise.all(nodes.map((node) => administer(node, `CREATE DATABASE ${database} TEMPLATE ${template}`)))
  const address = { ...coordinator, database }
  await administer(
    address,
    `ALTER DATABASE ${database} SET citus.shard_count = ${shards};
     SELECT citus_set_coordinator_host('${coordinator.host}', ${coordinator.port});
     ${reachedAt.map(({ host, port }) => `SELECT citus_add_node('${host}', ${port})`).join(';')}`,
  )
  return address
}

/** The same, migrated, and so distributed. */
export async function createCitusDatabase(
  t: Lifetime,
  nodes: CitusNodes,
  template: string,
  shards = SHARDS,
): Promise<ServerAddress> {
  const address = await createOnAllNodes(t, nodes, template, { shards })
  await migrate(address, 'up')
  return address
}

/** Citus's own process in it may take a moment to go. */
async function drop(node: ServerAddress, database: string): Promise<void> {
  await eventually(`${database} is dropped on port ${node.port}`, DROP_LIMIT_MS, () =>
    administer(node, `DROP DATABASE IF EXISTS ${database} WITH (FORCE)`).catch(() => undefined),
  )
}
