import { randomBytes } from 'node:crypto'
import type { ServerAddress } from '../../../db/address.ts'
import { connect } from '../../../db/migrate.ts'
import { createCitusDatabase, createOnAllNodes } from '../citus/citus-server.ts'
import type { Lifetime } from '../lifetime.ts'

/** Where `run-tests` tells the test processes of the server and its template database. */
export const SERVER_VARIABLE = 'WALLET_TEST_SERVER'

export interface TestServer {
  readonly address: ServerAddress
  /** A migrated, empty database; on a Citus one with the extension and nothing else. */
  readonly template: string
  /** Of a Citus; on any other server there are none. */
  readonly workers?: readonly ServerAddress[]
}

export function isOnCitus(): boolean {
  return testServer().workers !== undefined
}

/** Why a test does not run on a Citus; `false` on any other server, where it does. */
export function leftOutOnCitus(reason: string): string | false {
  return isOnCitus() ? `not on a Citus: ${reason}` : false
}

export function testServer(): TestServer {
  const text = process.env[SERVER_VARIABLE]
  if (text === undefined)
    throw new Error('no database server: run the tests with "npm test", which starts one (npm test -- dist/tests/…)')
  return JSON.parse(text)
}

/** A migrated, empty database of the test's own; dropped when the test is over, even if clients are still connected. */
export async function createTestDatabase(t: Lifetime, server: TestServer = testServer()): Promise<ServerAddress> {
  const { address, template, workers } = server
  if (workers !== undefined) return createCitusDatabase(t, { coordinator: address, workers }, template)
  return cloneDatabase(t, address, template)
}

/** An empty database without a schema. */
export async function createBareDatabase(t: Lifetime): Promise<ServerAddress> {
  const { address, template, workers } = testServer()
  if (workers !== undefined) return createOnAllNodes(t, { coordinator: address, workers }, template)
  return cloneDatabase(t, address, 'template1')
}

async function cloneDatabase(t: Lifetime, server: ServerAddress, template: string): Promise<ServerAddress> {
  const database = `wallet_test_${randomBytes(6).toString('hex')}`
  await administer(server, `CREATE DATABASE ${database} TEMPLATE ${template}`)
  t.teardown(() => administer(server, `DROP DATABASE ${database} WITH (FORCE)`))
  return { ...server, database }
}

/** A role without rights; dropped when the test is over, when no database may know it any more: make it before those. */
export async function createRole(t: Lifetime, login: 'LOGIN' | 'NOLOGIN'): Promise<{ user: string; password: string }> {
  const { address } = testServer()
  const user = `wallet_test_${randomBytes(6).toString('hex')}`
  const password = randomBytes(12).toString('hex')
  await administer(address, `CREATE ROLE ${user} ${login} PASSWORD '${password}'`)
  t.teardown(() => administer(address, `DROP ROLE ${user}`))
  return { user, password }
}

/** Runs one statement on the database, as a test that looks behind the service's back. */
export async function administer(address: ServerAddress, statement: string): Promise<Record<string, unknown>[]> {
  const client = await connect(address)
  try {
    const { rows } = await client.query(statement)
    return rows
  } finally {
    await client.end()
  }
}
