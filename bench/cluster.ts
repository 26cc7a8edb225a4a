import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chown, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { ServerAddress } from '../db/address.ts'
import { connect, migrate } from '../db/migrate.ts'
import { nodeOnThisMachine } from '../tests/support/citus/citus-node.ts'
import { type CitusNodes, createCitusDatabase, prepareCitus } from '../tests/support/citus/citus-server.ts'
import { administer } from '../tests/support/database/database.ts'
import { freePort } from '../tests/support/database/relay.ts'
import { eventually } from '../tests/support/eventually.ts'
import type { Lifetime } from '../tests/support/lifetime.ts'

/** A database to measure on, and the servers that work for it. */
export interface MeasuredCluster {
  readonly name: string
  /** Undefined where nothing is distributed. */
  readonly shards: number | undefined
  readonly address: ServerAddress
  /** By name: the folders of the servers whose CPU time is counted. */
  readonly servers: Readonly<Record<string, string>>
}

const START_LIMIT_MS = 30_000

/** A database on the Citus, distributed over so many shards. */
export async function citusCluster(t: Lifetime, nodes: CitusNodes, shards: number): Promise<MeasuredCluster> {
  const { template } = await prepareCitus(t, nodes)
  const address = await createCitusDatabase(t, nodes, template, shards)
  const servers: Record<string, string> = { coordinator: (await nodeOnThisMachine(nodes.coordinator)).folder }
  for (const [index, worker] of nodes.workers.entries())
    servers[`worker ${index + 1}`] = (await nodeOnThisMachine(worker)).folder
  return { name: `Citus, ${nodes.workers.length} workers, ${shards} shards`, shards, address, servers }
}

/** A plain server of the same make as the coordinator, with the settings that PostgreSQL comes with; gone afterwards. */
export async function plainCluster(t: Lifetime, coordinator: ServerAddress): Promise<MeasuredCluster> {
  const like = await nodeOnThisMachine(coordinator)
  const folder = await mkdtemp(join(tmpdir(), 'wallet-plain-'))
  t.teardown(() => rm(folder, { recursive: true, force: true }))
  await chown(folder, like.uid, like.gid)
  const identity = { uid: like.uid, gid: like.gid, cwd: '/' }
  const port = await freePort()
  const initdb = spawn(
    join(dirname(like.program), 'initdb'),
    ['-D', folder, '-A', 'trust', '-U', coordinator.user, '-E', 'UTF8', '--locale=C.UTF-8'],
    { ...identity, stdio: ['ignore', 'ignore', 'inherit'] },
  )
  const [code] = await once(initdb, 'exit')
  if (code !== 0) throw new Error(`initdb ended with ${code}`)
  const settings = { port, listen_addresses: '127.0.0.1', unix_socket_directories: '', ...(await sizesOf(coordinator)) }
  const options = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])
  const server = spawn(like.program, ['-D', folder, ...options], { ...identity, stdio: 'ignore' })
  t.teardown(async () => {
    const ended = once(server, 'exit')
    server.kill('SIGINT')
    await ended
  })
  const address = { ...coordinator, host: '127.0.0.1', port, database: 'postgres' }
  await eventually('a plain server takes connections', START_LIMIT_MS, () =>
    administer(address, 'SELECT 1').then(
      () => true,
      () => undefined,
    ),
  )
  await migrate(address, 'up')
  return { name: 'PostgreSQL alone', shards: undefined, address, servers: { PostgreSQL: folder } }
}

/** What the nodes were given, the plain server gets too. */
async function sizesOf(coordinator: ServerAddress): Promise<Readonly<Record<string, string>>> {
  const client = await connect(coordinator)
  try {
    const { rows } = await client.query<{ name: string; setting: string }>(
      `SELECT name, current_setting(name) AS setting FROM unnest('{shared_buffers,max_wal_size,max_connections}'::text[]) AS name`,
    )
    return Object.fromEntries(rows.map(({ name, setting }) => [name, setting]))
  } finally {
    await client.end()
  }
}
