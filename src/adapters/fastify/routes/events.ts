import type { FastifyReply } from 'fastify'
import type { Transaction } from '../../../domain/transaction.ts'
import type { Follower, Following, LiveWallets } from '../../../ports/live.ts'
import type { WalletService } from '../../../ports/wallet-service.ts'
import type { App } from '../app.ts'
import { ANSWER_EXAMPLES } from '../openapi/examples.ts'
import { problemResponses } from '../openapi/responses.ts'
import { LastEventIDHeaders, NoQuery, TransactionSchema, UserParams } from '../openapi/schemas.ts'
import { mustBe } from '../wire/expected.ts'
import { RETRY_AFTER_S, sendProblem } from '../wire/problem.ts'
import { transactionView } from '../wire/views.ts'

const EVENT_STREAM = 'text/event-stream'
/** So often something is sent: proxies cut what is silent, and a client sees that the service is still there. */
const COMMENT_MS = 15_000
const COMMENT = ':\n\n'

/**
 * Server-Sent Events by hand: a stream is one response, two listeners and a timer. `@fastify/sse` would write each event by
 * itself and wait for it; here what came together goes in one piece, and one that does not read costs nothing but its socket's buffer.
 */
export function eventRoutes(
  app: App,
  services: { wallets(): WalletService; live(): LiveWallets },
  /** How long a stream lasts at most: whoever opened it must show a token again. */
  lifeMs: number,
): void {
  app.get(
    '/users/:userID/wallet/events',
    {
      config: { access: 'owner' },
      schema: {
        operationId: 'followWallet',
        tags: ['History'],
        summary: 'Follow a wallet: its transactions as they are committed (Server-Sent Events)',
        description:
          'Each event is a transaction, and its id the transaction’s. With Last-Event-ID: 41 it begins with 42, from history, without a gap; without, with what comes next. ' +
          'It ends after a while, or when the service stops: connect again with the last id, as EventSource does by itself.',
        params: UserParams,
        querystring: NoQuery,
        headers: LastEventIDHeaders,
        response: {
          200: {
            description: 'Events, for as long as the connection is open',
            content: {
              [EVENT_STREAM]: { schema: { type: 'string' }, examples: { events: { value: ANSWER_EXAMPLES.events } } },
            },
          },
          ...problemResponses(['OVERLOADED', 'CURSOR_GONE'], {
            invalid: {
              errors: [{ path: '/last-event-id', message: mustBe(LastEventIDHeaders.properties['last-event-id']) }],
            },
          }),
        },
      },
    },
    async (request, reply) => {
      const { userID } = request.params
      const answer = await services.wallets().wallet(userID)
      if (answer.kind !== 'found') return sendProblem(reply, answer.code)
      const { version } = answer.wallet
      const last = request.headers['last-event-id']
      const after = last === undefined ? version : BigInt(last)
      if (after > version) return sendProblem(reply, 'CURSOR_GONE')
      if (request.method === 'HEAD') return reply.type(EVENT_STREAM).send()
      const stream = createStream(reply)
      const following = services.live().follow({ userID, after }, stream)
      if (typeof following === 'string') {
        if (following === 'TOO_MANY_REQUESTS') reply.header('retry-after', RETRY_AFTER_S)
        return sendProblem(reply, following)
      }
      // A proxy that gathers answers would keep what it is told of for later.
      reply.type(EVENT_STREAM).header('x-accel-buffering', 'no')
      // A token that is no longer good opens no request, and keeps no stream open.
      stream.open(after, following, Math.min(lifeMs, request.caller?.goodForMs ?? lifeMs))
      return reply
    },
  )
}

interface Stream extends Follower {
  open(after: bigint, following: Following, lifeMs: number): void
}

function createStream(reply: FastifyReply): Stream {
  const { raw } = reply
  let close = () => {}
  return {
    open(after, following, lifeMs) {
      reply.hijack()
      for (const [name, value] of Object.entries(reply.getHeaders()))
        if (value !== undefined) raw.setHeader(name, value)
      // An id without data is no event, but what a client that is cut off before the first one comes back with.
      raw.write(`id: ${after}\n\n`)
      const commenting = setInterval(() => {
        // One that has read nothing since the last comment may come back for what it has missed.
        if (raw.writableNeedDrain) raw.destroy()
        else raw.write(COMMENT)
      }, COMMENT_MS)
      const ending = setTimeout(() => close(), lifeMs)
      close = () => {
        clearInterval(commenting)
        clearTimeout(ending)
        following.stop()
        raw.end()
      }
      raw.on('drain', following.goOn)
      raw.on('close', close)
    },
    take: (transactions) => raw.write(transactions.map((each) => toEvent(reply, each)).join('')),
    end: () => close(),
  }
}

function toEvent(reply: FastifyReply, transaction: Transaction): string {
  const data = reply.serializeInput(transactionView(transaction), TransactionSchema)
  return `id: ${transaction.id}\ndata: ${data}\n\n`
}
