import { randomUUID } from 'node:crypto'
import pg from 'pg'

/** The server is there, but not one that this may be done on. The message is one line for the operator. */
export class UnusableServer extends Error {
  override readonly name = 'UnusableServer'
}

/** Means nothing to PostgreSQL, which keeps any setting whose name has a dot in it. */
const SETTING = 'wallet.session'
const PROTOCOL_VIOLATION = '08P01'
const POOLER =
  'DATABASE_URL leads to a connection pooler, such as PgBouncer, which gives us no session of our own with our own settings'
const ADVICE = 'point it at PostgreSQL itself (docs/decisions/no-pooler.md)'

export interface SessionMark {
  /** What the connection asks for as it begins. */
  readonly options: string
  /** @throws {UnusableServer} if the session that answers is not the one that was asked for. */
  verify(client: pg.Client, timeoutMs: number): Promise<void>
}

/**
 * A setting that only one connection ever asks for. A pooler makes its connections to the server by itself, so it
 * refuses the setting, or drops it and is found out: whichever mode it is in, however many connections it has, and
 * even if someone gave the role or the database all the settings that the service depends on.
 */
export function markSession(): SessionMark {
  const mark = randomUUID()
  return {
    options: `-c ${SETTING}=${mark}`,
    async verify(client, timeoutMs) {
      const query = { text: `SELECT current_setting('${SETTING}', true) AS mark`, query_timeout: timeoutMs }
      const { rows } = await client.query<{ mark: string | null }>(query)
      if (rows[0]?.mark !== mark) throw new UnusableServer(`${POOLER}; ${ADVICE}`)
    },
  }
}

/** What a pooler says to a setting that it does not know, told as what it means; any other error as it is. */
export function asPooler(error: unknown): unknown {
  const refused =
    error instanceof pg.DatabaseError &&
    error.code === PROTOCOL_VIOLATION &&
    /unsupported startup parameter/.test(error.message)
  return refused ? new UnusableServer(`${POOLER} (${error.message}); ${ADVICE}`) : error
}
