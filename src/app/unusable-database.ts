import { SchemaError } from '../../db/migrate.ts'
import { UnusableServer } from '../../db/own-session.ts'

/** The database is there, but is not one to start on; waiting would not help. The message is one line for the operator. */
export class UnusableDatabase extends Error {
  override readonly name = 'UnusableDatabase'
}

/** What PostgreSQL says when waiting would not help: SQLSTATE, or its class, to what to do about it. */
const HOPELESS: Readonly<Record<string, string>> = {
  '28': 'check the user and the password in DATABASE_URL',
  '3D': 'create the database, or check its name in DATABASE_URL',
  '42501':
    'the role may not do this: run "npm run migrate" as the owner of the schema first, then db/grants.sql (docs/least-privilege.md)',
  '25006': 'the server is read-only, a standby perhaps: point DATABASE_URL at the primary',
}

/** The error for the operator, if trying again can't help. */
export function asUnusable(error: unknown): UnusableDatabase | undefined {
  if (error instanceof SchemaError || error instanceof UnusableServer) return new UnusableDatabase(error.message)
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string') return undefined
  const advice = HOPELESS[error.code] ?? HOPELESS[error.code.slice(0, 2)]
  return advice === undefined ? undefined : new UnusableDatabase(`${error.message}; ${advice}`)
}
