import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { access, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Test } from 'tap'
import type { ServerAddress } from '../../db/address.ts'
import { serverAccount } from '../../src/adapters/embedded-postgres/account.ts'
import { connectTo, freePort } from '../support/database/relay.ts'
import { eventually } from '../support/eventually.ts'
import { runAs } from '../support/process/run-as.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

export interface PgBouncerOptions {
  readonly mode: 'transaction' | 'session'
  /** What clients ask for and it passes over in silence; anything else that it does not know it refuses. */
  readonly ignores?: readonly string[]
  /** How many connections to the server all clients share. */
  readonly connections?: number
}

const PROGRAM = '/usr/sbin/pgbouncer'
const MISSING = `${PROGRAM} is missing. Install PgBouncer: apt-get install pgbouncer, or https://www.pgbouncer.org/install.html`
const START_LIMIT_MS = 10_000

/** A PgBouncer in front of the server; says the server's address as it is reached through it. */
export async function startPgBouncer(
  t: Test,
  server: ServerAddress,
  { mode, ignores = [], connections = 20 }: PgBouncerOptions,
): Promise<ServerAddress> {
  await access(PROGRAM).catch(() => {
    throw new Error(MISSING)
  })
  const folder = await temporaryFolder(t)
  const address: ServerAddress = { ...server, host: '127.0.0.1', port: await freePort() }
  const password = server.password === '' ? '' : ` password=${server.password}`
  const file = join(folder, 'pgbouncer.ini')
  await writeFile(
    file,
    `[databases]
* = host=${server.host} port=${server.port} user=${server.user}${password}
[pgbouncer]
listen_addr = ${address.host}
listen_port = ${address.port}
unix_socket_dir =
auth_type = any
pool_mode = ${mode}
default_pool_size = ${connections}
ignore_startup_parameters = ${['extra_float_digits', ...ignores].join(', ')}
`,
  )
  // It does not run as root, and reaches the embedded server only as that one's account.
  const account = await serverAccount(join(folder, 'none'))
  const { command, parameters, identity } = await runAs(account, [PROGRAM, '-q', file], [file])
  const child = execFile(command, parameters, { ...identity, cwd: '/' })
  let failure: string | undefined
  child.stderr?.on('data', (text: string) => {
    failure = `${failure ?? ''}${text}`
  })
  child.once('error', (error) => {
    failure = error.message
  })
  t.teardown(async () => {
    if (child.exitCode !== null || child.pid === undefined) return
    const ended = once(child, 'exit')
    child.kill('SIGKILL')
    await ended
  })
  await eventually('PgBouncer takes connections', START_LIMIT_MS, async () => {
    if (child.exitCode !== null || child.pid === undefined) throw new Error(failure ?? 'PgBouncer ended')
    const socket = connectTo(address)
    const connected = await once(socket, 'connect').then(
      () => true,
      () => undefined,
    )
    socket.destroy()
    return connected
  })
  return address
}
