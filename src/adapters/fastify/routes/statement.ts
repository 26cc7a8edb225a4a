import type { Period } from '../../../domain/past.ts'
import { isWritable, roundedUp } from '../../../domain/rfc3339.ts'
import type { UserID } from '../../../domain/user-id.ts'
import type { WalletService } from '../../../ports/wallet-service.ts'
import type { App } from '../app.ts'
import { StatementQuerySchema, type StatementQueryString, StatementSchema } from '../openapi/past-schemas.ts'
import { documented, problemResponses } from '../openapi/responses.ts'
import { UserParams } from '../openapi/schemas.ts'
import { type FieldError, sendProblem } from '../wire/problem.ts'
import { parseTime } from '../wire/query-string.ts'
import { statementView } from '../wire/views.ts'

const BEFORE_TO: FieldError = { path: '/from', message: 'must be before to, by a microsecond at least' }
const WRITABLE = 'must be in the years 0000 to 9999 in UTC'

export function statementRoutes(app: App, wallets: () => WalletService): void {
  app.get(
    '/users/:userID/wallet/statement',
    {
      config: { access: 'owner' },
      schema: {
        operationId: 'getStatement',
        tags: ['History'],
        summary: 'Read the statement of a period: balances, counts and totals',
        description:
          'The closing of one period is the opening of the next. The transactions of the period are the history with createdFrom=from and createdBefore=to.',
        params: UserParams,
        querystring: StatementQuerySchema,
        response: {
          200: documented(StatementSchema, { description: 'The statement', examples: ['statement'] }),
          ...problemResponses(['OVERLOADED'], { invalid: { errors: [BEFORE_TO] } }),
        },
      },
    },
    async (request, reply) => {
      const period = toPeriod(request.params.userID, request.query)
      const errors = mistakesOf(period)
      if (errors.length > 0) return sendProblem(reply, 'INVALID_REQUEST', { errors })
      const answer = await wallets().statement(period)
      return answer.kind === 'statement' ? reply.send(statementView(answer.statement)) : sendProblem(reply, answer.code)
    },
  )
}

/** Transactions have microseconds: not before half of one is not before the next. */
function toPeriod(userID: UserID, { from, to }: StatementQueryString): Period {
  return { userID, from: roundedUp(parseTime(from)), to: roundedUp(parseTime(to)) }
}

function mistakesOf({ from, to }: Period): readonly FieldError[] {
  if (!isWritable(from)) return [{ path: '/from', message: WRITABLE }]
  if (!isWritable(to)) return [{ path: '/to', message: WRITABLE }]
  return from < to ? [] : [BEFORE_TO]
}
