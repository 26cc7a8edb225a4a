import { formatInstant } from '../../../domain/rfc3339.ts'
import type { TransactionStatus, WalletService } from '../../../ports/wallet-service.ts'
import type { App } from '../app.ts'
import { REQUEST_EXAMPLES } from '../openapi/examples.ts'
import { CountBody, ManyIssuedSchema } from '../openapi/list-schemas.ts'
import { documented, problemResponses } from '../openapi/responses.ts'
import { IssuedSchema, NoBody, NoQuery, StatusSchema, TransactionIDParams, UserParams } from '../openapi/schemas.ts'
import { mustBe } from '../wire/expected.ts'
import { PROBLEMS, sendProblem } from '../wire/problem.ts'
import { transactionView } from '../wire/views.ts'

export function transactionIDRoutes(app: App, wallets: () => WalletService): void {
  app.post(
    '/users/:userID/wallet/transactionID',
    {
      config: { access: 'owner' },
      schema: {
        operationId: 'issueTransactionID',
        tags: ['Transaction IDs'],
        summary: 'Obtain the transaction ID that the next write must carry',
        params: UserParams,
        querystring: NoQuery,
        body: NoBody,
        response: {
          201: documented(IssuedSchema, {
            description: 'Issued; nothing is kept until it is used',
            examples: ['issued'],
          }),
          ...problemResponses(['UNSUPPORTED_MEDIA_TYPE']),
        },
      },
    },
    async (request, reply) => {
      const { transactionID, expiresAt } = wallets().issue(request.params.userID)
      request.transactionID = transactionID
      return reply.code(201).send({ transactionID, expiresAt: formatInstant(expiresAt) })
    },
  )

  app.post(
    '/users/:userID/wallet/transactionIDs',
    {
      config: { access: 'owner' },
      schema: {
        operationId: 'issueTransactionIDs',
        tags: ['Transaction IDs'],
        summary: 'Obtain many transaction IDs, for a list',
        params: UserParams,
        querystring: NoQuery,
        body: { ...CountBody, examples: [REQUEST_EXAMPLES.count] },
        response: {
          201: documented(ManyIssuedSchema, {
            description: 'Issued; nothing is kept until they are used',
            examples: ['manyIssued'],
          }),
          ...problemResponses(['UNSUPPORTED_MEDIA_TYPE'], {
            invalid: { errors: [{ path: '/count', message: mustBe(CountBody.properties.count) }] },
          }),
        },
      },
    },
    async (request, reply) => {
      const { transactionIDs, expiresAt } = wallets().issueMany(request.params.userID, request.body.count)
      return reply.code(201).send({ transactionIDs: [...transactionIDs], expiresAt: formatInstant(expiresAt) })
    },
  )

  app.get(
    '/users/:userID/wallet/transactionID/:transactionID',
    {
      config: { access: 'owner' },
      schema: {
        operationId: 'getTransactionIDStatus',
        tags: ['Transaction IDs'],
        summary: 'Get the outcome of a transaction ID',
        params: TransactionIDParams,
        querystring: NoQuery,
        response: {
          200: documented(StatusSchema, {
            description: 'Its outcome, or that there is none yet',
            examples: ['unused', 'executed', 'refused', 'expired', 'retired'],
          }),
          ...problemResponses(['TRANSACTION_ID_UNKNOWN', 'OVERLOADED']),
        },
      },
    },
    async (request, reply) => {
      const { userID, transactionID } = request.params
      request.transactionID = transactionID
      const answer = await wallets().status(userID, transactionID)
      if (answer.kind !== 'status') return sendProblem(reply, answer.code)
      return reply.send({ transactionID, ...statusView(answer.status) })
    },
  )
}

function statusView(status: TransactionStatus) {
  switch (status.kind) {
    case 'unused':
    case 'expired':
    case 'retired':
      return { status: status.kind }
    case 'executed':
      return { status: status.kind, transaction: transactionView(status.transaction) }
    case 'refused': {
      const { code } = status.refusal
      if (code === 'TRANSACTION_ID_EXPIRED') return { status: 'expired' }
      if (code === 'TRANSACTION_ID_RETIRED') return { status: 'retired' }
      return { status: status.kind, refusal: { code, detail: PROBLEMS[code].detail } }
    }
    default:
      return status satisfies never
  }
}
