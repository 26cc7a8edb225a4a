import pg from 'pg'
import { PORT, USER } from './cluster.ts'
import { codeOf } from './failure.ts'

const CONNECT_LIMIT_MS = 5000
const OWNER = 'wallet-service owner'
const LOCK = `hashtextextended('${OWNER}', 0)`
/** SQLSTATE of a server that ends, has lost a process, or starts and stops. */
const COMES_OR_GOES = ['57P01', '57P02', '57P03', 'ECONNRESET', 'EPIPE']

/** The name of the connection has the number of this process, for the one that is refused. */
export async function connectTo(socketDir: string): Promise<pg.Client | 'no server' | 'not now'> {
  const client = new pg.Client({
    ...{ host: socketDir, port: PORT, user: USER, database: 'postgres', ssl: false },
    connectionTimeoutMillis: CONNECT_LIMIT_MS,
    application_name: `${OWNER} ${process.pid}`,
  })
  // A connection that breaks is told by its end.
  client.on('error', () => {})
  try {
    await client.connect()
    return client
  } catch (error) {
    await client.end()
    const code = codeOf(error)
    if (code === 'ENOENT' || code === 'ECONNREFUSED') return 'no server'
    if (comesOrGoes(code)) return 'not now'
    throw error
  }
}

/**
 * Asks for the lock that says whose server this is, for as long as the connection lives.
 *
 * @returns `holder`: the number of the process that has it already; `gone`: the server ended before it answered.
 */
export async function takeOwnership(owner: pg.Client): Promise<'ours' | 'gone' | { readonly holder: string }> {
  try {
    const { rows } = await owner.query<{ taken: boolean }>(`SELECT pg_try_advisory_lock(${LOCK}) AS taken`)
    if (rows[0]?.taken === true) return 'ours'
    const holders = await owner.query<{ name: string }>(
      `SELECT application_name AS name FROM pg_locks JOIN pg_stat_activity USING (pid)
       WHERE locktype = 'advisory' AND granted AND application_name LIKE '${OWNER} %'`,
    )
    return { holder: holders.rows[0]?.name.slice(OWNER.length + 1) ?? 'unknown' }
  } catch (error) {
    if (comesOrGoes(codeOf(error))) return 'gone'
    throw error
  }
}

/** Without a code: there was no answer in time, or the connection ended in the middle of one. */
function comesOrGoes(code: string | undefined): boolean {
  return code === undefined || COMES_OR_GOES.includes(code)
}
