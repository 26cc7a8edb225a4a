import type pg from 'pg'
import { ask } from './ask.ts'
import { UnusableServer } from './own-session.ts'

/** The oldest PostgreSQL that the tests run on. */
const OLDEST_MAJOR = 15

/** What a server and its database are like, as the service meets them. */
export interface ServerState {
  readonly standby: boolean
  readonly version: string
  readonly major: number
  readonly encoding: string
  /** Where tables are made: the first schema of the search path that exists. */
  readonly schema: string | null
  readonly search_path: string
  readonly replication_role: string
}

const STATE = `
  SELECT pg_is_in_recovery() AS standby, current_setting('server_version') AS version,
         current_setting('server_version_num')::int / 10000 AS major,
         current_setting('server_encoding') AS encoding, current_schema() AS schema,
         current_setting('search_path') AS search_path,
         current_setting('session_replication_role') AS replication_role`

/** @throws {UnusableServer} if the service cannot keep its promises there, with what to do about it. */
export async function requireUsableServer(client: pg.Client): Promise<void> {
  const [state] = await ask<ServerState>(client, STATE)
  const complaint = state === undefined ? undefined : complaintOf(state)
  if (complaint !== undefined) throw new UnusableServer(complaint)
}

/** What is wrong with the server, and what to do about it, in one line; `undefined` if nothing is. */
export function complaintOf(state: ServerState): string | undefined {
  const { standby, version, major, encoding, schema, search_path, replication_role } = state
  if (major < OLDEST_MAJOR)
    return `the server is PostgreSQL ${version}, and the service needs ${OLDEST_MAJOR} or later: upgrade the server`
  if (standby) return 'the server is a standby, where nothing can be written: point DATABASE_URL at the primary'
  if (encoding !== 'UTF8')
    return `the database has the encoding ${encoding}, which cannot hold every user ID: create one with ENCODING 'UTF8' TEMPLATE template0, and point DATABASE_URL at it`
  if (schema === null)
    return `no schema of the search_path (${search_path}) exists: create it, or change search_path for the role or the database`
  if (replication_role !== 'origin')
    return `session_replication_role is ${replication_role} for the role or the database, which turns off what keeps history from being changed: set it to origin`
  return undefined
}
