import { readFile, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { EmbeddedPostgresError } from './failure.ts'

/** A user of the system. */
export interface Account {
  readonly uid: number
  readonly gid: number
  readonly name: string
}

/** Accounts without rights of their own, best first. One of them is on every Linux. */
const UNPRIVILEGED = ['postgres', 'nobody']

/**
 * Whom the server on the data in `pgdata` runs as; `undefined` if as ourselves. PostgreSQL refuses to run as root: for
 * root it runs as the owner of the data, or of the folder that they will be made in, so that the owner can start it too.
 *
 * @throws {EmbeddedPostgresError} if the data belong to someone else.
 */
export async function serverAccount(pgdata: string): Promise<Account | undefined> {
  const users = await systemUsers()
  const owner = await stat(pgdata).catch(() => undefined)
  const ownUID = process.getuid?.()
  if (ownUID === 0) return owner === undefined ? accountForNewData(dirname(pgdata), users) : accountOf(owner, users)
  if (owner === undefined || ownUID === undefined || owner.uid === ownUID) return undefined
  const { name } = accountOf(owner, users)
  throw new EmbeddedPostgresError(`${pgdata} belongs to the user ${name}: start the service as ${name} or as root`)
}

/** `initdb` runs only as a user whom the system knows by name. */
async function accountForNewData(folder: string, users: readonly Account[]): Promise<Account> {
  const { uid } = await nearest(folder)
  const owner = uid === 0 ? undefined : users.find((user) => user.uid === uid)
  const account = owner ?? UNPRIVILEGED.map((name) => users.find((user) => user.name === name)).find(Boolean)
  if (account !== undefined) return account
  throw new EmbeddedPostgresError(
    `as root, the embedded PostgreSQL needs one of the system users ${UNPRIVILEGED.join(', ')}: add one, or set DATABASE_URL`,
  )
}

async function nearest(folder: string): Promise<{ uid: number }> {
  return stat(folder).catch(() => nearest(dirname(folder)))
}

function accountOf({ uid, gid }: { uid: number; gid: number }, users: readonly Account[]): Account {
  return users.find((user) => user.uid === uid) ?? { uid, gid, name: `with the number ${uid}` }
}

async function systemUsers(): Promise<readonly Account[]> {
  const lines = (await readFile('/etc/passwd', 'utf8').catch(() => '')).split('\n')
  return lines.map((line) => {
    const [name = '', , uid, gid] = line.split(':')
    return { name, uid: Number(uid), gid: Number(gid) }
  })
}
