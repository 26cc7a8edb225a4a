import { once } from 'node:events'
import { connect } from 'node:net'
import type { Test } from 'tap'
import { type Answer, toAnswer } from './http.ts'

const PATIENCE_MS = 60_000
const STATUS_LINE = /^HTTP\/1\.1 ([1-5]\d\d) [A-Z]/

/** A TCP connection that sends bytes as they stand and reads answers one by one. */
export interface RawClient {
  write(text: string | Buffer): void
  /** The next answer; fails when the connection ends before it is whole, and when it is no HTTP. */
  answer(to?: { method: string }): Promise<Answer>
  /** The next answer if it has come already. */
  received(to?: { method: string }): Answer | undefined
  /** Resolves when the server has closed the connection; says what it had sent that was no whole answer. */
  closed(): Promise<string>
  end(): void
  /** Goes away without a word. */
  reset(): void
}

export async function connectRaw(t: Test, port: number, patienceMs = PATIENCE_MS): Promise<RawClient> {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true })
  await once(socket, 'connect')
  t.teardown(() => socket.destroy())
  let received = Buffer.alloc(0)
  let over = false
  let wake = () => {}
  socket.on('data', (chunk: Buffer) => {
    received = Buffer.concat([received, chunk])
    wake()
  })
  for (const event of ['end', 'close', 'error'])
    socket.on(event, () => {
      over = true
      wake()
    })

  async function more(what: string): Promise<void> {
    const timer = setTimeout(() => socket.destroy(new Error('patience')), patienceMs)
    await new Promise<void>((resolve) => {
      wake = resolve
    })
    clearTimeout(timer)
    if (socket.errored?.message === 'patience') throw new Error(`${what} did not come in ${patienceMs} ms`)
  }

  function take(method: string | undefined): Answer | undefined {
    const end = received.indexOf('\r\n\r\n')
    if (end === -1) return undefined
    const [statusLine = '', ...lines] = received.subarray(0, end).toString('latin1').split('\r\n')
    const headers = Object.fromEntries(
      lines.map((line) => {
        const colon = line.indexOf(':')
        return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()]
      }),
    )
    const status = Number(STATUS_LINE.exec(statusLine)?.[1])
    const length = method === 'HEAD' ? 0 : Number(headers['content-length'] ?? 0)
    if (Number.isNaN(status + length)) throw new Error(`no answer of HTTP: ${received.toString('latin1')}`)
    const body = received.subarray(end + 4)
    if (body.length < length) return undefined
    received = body.subarray(length)
    return toAnswer(status, headers, body.subarray(0, length))
  }

  return {
    write: (text) => void socket.write(text),
    async answer(to) {
      for (;;) {
        const answer = take(to?.method)
        if (answer !== undefined) return answer
        if (over) throw new Error(`the connection ended after ${JSON.stringify(received.toString('latin1'))}`)
        await more('an answer')
      }
    },
    received: (to) => take(to?.method),
    async closed() {
      while (!over) await more('the end of the connection')
      return received.toString('latin1')
    },
    end: () => void socket.end(),
    reset: () => void socket.resetAndDestroy(),
  }
}

export function rawRequest(method: string, path: string, body?: object, headers: readonly string[] = []): string {
  const text = body === undefined ? '' : JSON.stringify(body)
  const type =
    body === undefined ? [] : ['content-type: application/json', `content-length: ${Buffer.byteLength(text)}`]
  return [`${method} ${path} HTTP/1.1`, 'host: x', ...type, ...headers, '', text].join('\r\n')
}
