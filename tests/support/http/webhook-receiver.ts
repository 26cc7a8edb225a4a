import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { Webhook } from 'standardwebhooks'
import type { Lifetime } from '../lifetime.ts'
import { listenOnFreePort } from '../listen.ts'

export const WEBHOOK_SECRET = `whsec_${Buffer.alloc(32, 'webhook').toString('base64')}`

/** A message as it came, whose signature was right. */
export interface Received {
  readonly id: string
  readonly body: string
  readonly path: string
  /** `ann 1`, … in their order. */
  readonly names: readonly string[]
}

/** Answers a message, or does something else with it. */
export type Answering = (response: ServerResponse, message: Received) => unknown

export const TAKE: Answering = (response) => void response.end('thanks')
export const REFUSE: Answering = (response) => void response.writeHead(500).end('no')
/** No answer ever. */
export const HANG: Answering = () => {}

export interface TestReceiver {
  /** Where messages go, without a path. */
  readonly url: string
  readonly server: Server
  /** All that came. */
  readonly received: readonly Received[]
  /** How often a message was cut off by its sender. */
  cutOff(): number
  /** What is done with messages from now on; {@link TAKE} at first. */
  answer(next: Answering): void
}

/** A receiver that checks each message with the library of Standard Webhooks; a wrong one fails the test when it is over. */
export async function startReceiver(t: Lifetime, first: Answering = TAKE): Promise<TestReceiver> {
  const received: Received[] = []
  const wrong: unknown[] = []
  let answering = first
  let cutOff = 0
  const webhook = new Webhook(WEBHOOK_SECRET)
  const server = createServer(async (request, response) => {
    response.on('close', () => {
      if (!response.writableFinished) cutOff += 1
    })
    try {
      const message = await read(request, webhook)
      received.push(message)
      answering(response, message)
    } catch (error) {
      if (!request.destroyed) wrong.push(error)
      response.destroy()
    }
  })
  const url = await listenOnFreePort(t, server)
  t.teardown(() => {
    if (wrong.length > 0) throw new Error(`wrong messages came: ${wrong.join(', ')}`)
  })
  return {
    ...{ url, server, received, cutOff: () => cutOff },
    answer(next) {
      answering = next
    },
  }
}

async function read(request: IncomingMessage, webhook: Webhook): Promise<Received> {
  const pieces: Buffer[] = []
  for await (const piece of request) pieces.push(piece)
  const body = Buffer.concat(pieces).toString()
  const { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signature } = request.headers
  const headers = {
    'webhook-id': String(id),
    'webhook-timestamp': String(timestamp),
    'webhook-signature': String(signature),
  }
  webhook.verify(body, headers)
  return { id: String(id), body, path: request.url ?? '', names: namesIn(body) }
}

function namesIn(body: string): readonly string[] {
  const { type, data } = JSON.parse(body)
  if (type !== 'transactions.created' || lacksSomething(data)) throw new Error(`not what was expected: ${body}`)
  return data.transactions.map(({ userID, id }: { userID: string; id: number }) => `${userID} ${id}`)
}

function lacksSomething(data: unknown): boolean {
  return typeof data !== 'object' || data === null || !('transactions' in data) || !('next' in data)
}
