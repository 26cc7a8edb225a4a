import { connect, type Socket } from 'node:net'
import { type ConnectionOptions, connect as connectTLS } from 'node:tls'
import type { ServerAddress } from '../../../db/address.ts'

/** PostgreSQL's SSLRequest: its length, then the code 1234.5679. */
const SSL_REQUEST = Buffer.from([0, 0, 0, 8, 4, 210, 22, 47])
const YES = 'S'.charCodeAt(0)

/**
 * More than a batch writes at once. With Node's 16 KiB a socket reports itself full after the first statement of a large
 * batch, and the package then sends the next only when that one was answered: four round trips instead of two.
 */
const WRITE_BUFFER_BYTES = 4 * 1024 * 1024
/** The same over TLS: an option that its types do not know. */
const TLS_BUFFER = { highWaterMark: WRITE_BUFFER_BYTES }

/** Connects to the server, encrypted if the address asks for it; fails after `timeoutMs`. */
export async function openSocket(address: ServerAddress, timeoutMs: number): Promise<Socket> {
  const { host, port, sslmode } = address
  const unix = host.startsWith('/')
  const buffer = { writableHighWaterMark: WRITE_BUFFER_BYTES }
  const plain = connect(
    unix ? { path: `${host}/.s.PGSQL.${port}`, ...buffer } : { host, port, noDelay: true, ...buffer },
  )
  let current = plain
  const timer = setTimeout(() => current.destroy(new Error(`no connection within ${timeoutMs} ms`)), timeoutMs)
  try {
    await arrival(plain, 'connect')
    if (unix || sslmode === 'disable') return plain
    plain.write(SSL_REQUEST)
    const reply = await arrival(plain, 'data')
    if (reply[0] !== YES) throw new Error(`the server does not offer TLS, and sslmode is ${sslmode}`)
    const trust: ConnectionOptions = { rejectUnauthorized: sslmode === 'verify-full' }
    const encrypted = connectTLS({ socket: plain, servername: host, ...trust, ...TLS_BUFFER })
    current = encrypted
    await arrival(encrypted, 'secureConnect')
    return encrypted
  } catch (error) {
    current.destroy()
    plain.destroy()
    throw error
  } finally {
    clearTimeout(timer)
  }
}

/** Waits for one event; an error or a close comes instead of it at the latest. */
function arrival(socket: Socket, event: 'connect' | 'data' | 'secureConnect'): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const done = (settle: () => void) => () => {
      socket.off(event, arrived).off('error', failed).off('close', closed)
      settle()
    }
    const arrived = (data?: Buffer) => done(() => resolve(data ?? Buffer.alloc(0)))()
    const failed = (error: Error) => done(() => reject(error))()
    const closed = done(() => reject(new Error('the connection was closed')))
    socket.on(event, arrived).on('error', failed).on('close', closed)
  })
}
