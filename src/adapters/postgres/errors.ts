import postgres from 'postgres'
import { ConnectionError } from './connection.ts'

/** SQLSTATE classes that a statement of ours can only cause by being wrong: bad data, broken constraint, no such thing. */
const OUR_FAULT = ['22', '23', '42']

/** Another transaction was first; when tried again, this one sees what it did. */
const UNIQUE_VIOLATION = '23505'

/** In a read-only transaction. */
const READ_ONLY = '25006'

/** Tells a bug from a broken world: a broken world is worth another try. */
export function isBug(error: unknown): boolean {
  if (error instanceof postgres.PostgresError) {
    return error.code !== UNIQUE_VIOLATION && OUR_FAULT.some((sqlstate) => error.code.startsWith(sqlstate))
  }
  return !(error instanceof ConnectionError) && !isConnectionError(error)
}

/**
 * The server turned a statement down and lives on, so whatever the transaction did is undone, its COMMIT included.
 * FATAL and PANIC say no such thing: they may come while a commit waits for its last acknowledgement.
 */
export function isRolledBack(error: unknown): boolean {
  return error instanceof postgres.PostgresError && error.severity === 'ERROR'
}

/** The server takes no writes (any more): after a failover it may be another one that does. */
export function isReadOnly(error: unknown): boolean {
  return error instanceof postgres.PostgresError && error.code === READ_ONLY
}

/** What the driver says of a query that was put together wrongly, and carries a `code` like a lost connection. */
const MISUSE = ['UNDEFINED_VALUE', 'NOT_TAGGED_CALL', 'UNSAFE_TRANSACTION', 'MAX_PARAMETERS_EXCEEDED']

/**
 * Errors of sockets, of name look-ups and of the driver's connections carry a `code` in capitals. So do those of
 * Node.js itself, which are TypeErrors and RangeErrors if it was called wrongly.
 */
function isConnectionError(error: unknown): boolean {
  if (!(error instanceof Error) || error instanceof TypeError || error instanceof RangeError) return false
  return 'code' in error && typeof error.code === 'string' && !MISUSE.includes(error.code)
}
