import { FEED_START, type FeedAnswer, type FeedQuery } from '../../../domain/feed.ts'
import { DEFAULT_PAGE } from '../../../domain/history.ts'
import type { Failed, WalletService } from '../../../ports/wallet-service.ts'
import type { App } from '../app.ts'
import { FeedPageSchema, FeedQuerySchema, type FeedQueryString } from '../openapi/feed-schemas.ts'
import { documented, problemResponses } from '../openapi/responses.ts'
import { mustBe } from '../wire/expected.ts'
import { parseCursor } from '../wire/feed-cursor.ts'
import { type ProblemCode, sendProblem } from '../wire/problem.ts'
import { feedPageView } from '../wire/views.ts'

const MS_PER_S = 1000

const DESCRIPTION = `Every transaction of every wallet, oldest first, each exactly once: what is committed later never comes behind a cursor that was given
before. The transactions of one wallet come in the order of their ids. Go on with \`next\` as the next \`after\`, for ever; a page
may hold fewer than \`limit\` transactions, or none, and more may follow. With \`wait\` a page that would be empty comes as soon
as there is something. A cursor survives restarts and upgrades. After the ledger was set back to an earlier time, a cursor
of before is answered with \`CURSOR_GONE\`.`

export function feedRoutes(app: App, wallets: () => WalletService): void {
  app.get(
    '/transactions',
    {
      config: { access: 'admin' },
      schema: {
        operationId: 'readFeed',
        tags: ['Feed'],
        summary: 'Read the transactions of all wallets, oldest first',
        description: DESCRIPTION,
        querystring: FeedQuerySchema,
        response: {
          200: documented(FeedPageSchema, { description: 'A page', examples: ['feedPage'] }),
          ...problemResponses(['FORBIDDEN', 'OVERLOADED', 'CURSOR_GONE', 'FEED_UNAVAILABLE'], {
            invalid: { errors: [{ path: '/limit', message: mustBe(FeedQuerySchema.properties.limit) }] },
            ofNoWallet: true,
          }),
        },
      },
    },
    async (request, reply) => {
      const gone = new AbortController()
      reply.raw.once('close', () => gone.abort())
      const ms = (request.query.wait ?? 0) * MS_PER_S
      const answer = await wallets().feed(toQuery(request.query), { ms, signal: gone.signal })
      if (answer.kind !== 'page') return sendProblem(reply, problemOf(answer))
      return reply.send(feedPageView(answer.page))
    },
  )
}

/** Whose schema has checked it. */
function toQuery({ after, limit = DEFAULT_PAGE, userID, reference }: FeedQueryString): FeedQuery {
  return {
    after: (after === undefined ? undefined : parseCursor(after)) ?? FEED_START,
    limit,
    ...(userID !== undefined && { userID }),
    ...(reference !== undefined && { reference }),
  }
}

function problemOf(answer: Exclude<FeedAnswer, { kind: 'page' }> | Failed): ProblemCode {
  switch (answer.kind) {
    case 'gone':
      return 'CURSOR_GONE'
    case 'unavailable':
      return 'FEED_UNAVAILABLE'
    case 'failed':
      return answer.code
    default:
      return answer satisfies never
  }
}
