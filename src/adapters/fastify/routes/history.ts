import { DEFAULT_PAGE, type HistoryQuery } from '../../../domain/history.ts'
import type { UserID } from '../../../domain/user-id.ts'
import type { WalletService } from '../../../ports/wallet-service.ts'
import type { App } from '../app.ts'
import { documented, problemResponses } from '../openapi/responses.ts'
import {
  HistoryPageSchema,
  HistoryQuerySchema,
  type HistoryQueryString,
  RecentHeaders,
  UserParams,
} from '../openapi/schemas.ts'
import { mustBe } from '../wire/expected.ts'
import { sendProblem } from '../wire/problem.ts'
import { parseBounds } from '../wire/query-string.ts'
import { versionMin } from '../wire/version-min.ts'
import { pageView } from '../wire/views.ts'

export function historyRoutes(app: App, wallets: () => WalletService): void {
  app.get(
    '/users/:userID/wallet/transactions',
    {
      config: { access: 'owner' },
      schema: {
        operationId: 'listTransactions',
        tags: ['History'],
        summary: 'Read the history of a wallet, newest first',
        description:
          'Page with nextIDBefore until it is null. A page filtered by type may hold fewer than limit transactions, or none, and go on.',
        params: UserParams,
        querystring: HistoryQuerySchema,
        headers: RecentHeaders,
        response: {
          200: documented(HistoryPageSchema, {
            description: 'A page',
            examples: ['page', 'lastPage'],
            headers: ['link'],
          }),
          ...problemResponses(['OVERLOADED'], {
            invalid: { errors: [{ path: '/limit', message: mustBe(HistoryQuerySchema.properties.limit) }] },
          }),
        },
      },
    },
    async (request, reply) => {
      const answer = await wallets().history(toQuery(request.params.userID, request.query), versionMin(request))
      if (answer.kind !== 'page') return sendProblem(reply, answer.code)
      const { nextIDBefore } = answer.page
      if (nextIDBefore !== null) reply.header('link', `<${nextPage(request.url, nextIDBefore)}>; rel="next"`)
      return reply.send(pageView(answer.page))
    },
  )
}

function toQuery(userID: UserID, query: HistoryQueryString): HistoryQuery {
  const { limit = DEFAULT_PAGE, IDBefore, type, reference } = query
  return {
    userID,
    limit,
    ...(IDBefore !== undefined && { idBefore: BigInt(IDBefore) }),
    ...parseBounds(query),
    ...(type !== undefined && { types: type }),
    ...(reference !== undefined && { reference }),
  }
}

/** The same request with the next cursor, relative to it: a proxy may have the service below a path that the service does not know. */
function nextPage(url: string, idBefore: bigint): string {
  const parameters = new URLSearchParams(url.split('?').slice(1).join('?'))
  parameters.set('IDBefore', String(idBefore))
  return `?${parameters}`
}
