import { once } from 'node:events'
import { request as httpRequest, type IncomingMessage } from 'node:http'
import type { Lifetime } from '../lifetime.ts'
import { type Answer, toAnswer } from './http.ts'
import { walletPath } from './wallet-client.ts'

export interface StreamEvent {
  readonly id: string | undefined
  /** `undefined` if the event is only an id. */
  readonly data: Record<string, unknown> | undefined
}

/** A stream of events as a client reads it. */
export interface EventStream {
  readonly status: number
  readonly headers: Answer['headers']
  /** The next event that has come, comments left out; fails when the stream ends instead. */
  next(): Promise<StreamEvent>
  /** Everything up to the end. */
  rest(): Promise<readonly StreamEvent[]>
  /** Reads nothing any more, and does not say so. */
  stopReading(): void
  close(): void
}

/** Opens the events of a wallet; `lastID` is the id of the last one that came before. */
export async function followWallet(
  t: Lifetime,
  port: number,
  userID: string,
  { lastID, headers }: { readonly lastID?: number; readonly headers?: Readonly<Record<string, string>> } = {},
): Promise<EventStream> {
  const last = lastID === undefined ? {} : { 'last-event-id': String(lastID) }
  const path = `${walletPath(userID)}/events`
  const request = httpRequest({ host: '127.0.0.1', port, path, agent: false, headers: { ...last, ...headers } })
  t.teardown(() => request.destroy())
  request.end()
  const [response]: IncomingMessage[] = await once(request, 'response')
  if (response === undefined) throw new Error('there is no response')
  const events = readEvents(response)
  return {
    status: response.statusCode ?? 0,
    headers: toAnswer(0, response.headers, Buffer.alloc(0)).headers,
    async next() {
      const { value, done } = await events.next()
      if (done === true) throw new Error('the stream ended')
      return value
    },
    async rest() {
      const all: StreamEvent[] = []
      for await (const event of events) all.push(event)
      return all
    },
    stopReading: () => void response.socket.pause(),
    close: () => void request.destroy(),
  }
}

async function* readEvents(response: IncomingMessage): AsyncGenerator<StreamEvent, void, undefined> {
  response.setEncoding('utf8')
  let text = ''
  for await (const piece of response) {
    text += piece
    const events = text.split('\n\n')
    text = events.pop() ?? ''
    for (const event of events) {
      const id = /^id: (.*)$/m.exec(event)?.[1]
      const data = /^data: (.*)$/m.exec(event)?.[1]
      if (id !== undefined || data !== undefined) yield { id, data: data === undefined ? undefined : JSON.parse(data) }
    }
  }
}
