import type { FastifyReply, FastifyRequest } from 'fastify'
import type { RequestID } from '../../../domain/command.ts'
import { toAmount } from '../../../domain/money.ts'
import type { MovementRequest, WalletService } from '../../../ports/wallet-service.ts'
import { type ProblemCode, sendProblem, sendRefusal } from '../problem.ts'
import { MovementBody, NoQuery, problemResponses, TransactionSchema, TransferBody, UserParams } from '../schemas.ts'
import type { App } from '../server.ts'
import { shedLoad } from '../shed-load.ts'
import { transactionView } from '../views.ts'

const REFUSALS: readonly ProblemCode[] = [
  'UNSUPPORTED_MEDIA_TYPE',
  'TRANSACTION_ID_UNKNOWN',
  'TRANSACTION_ID_REUSED',
  'TRANSACTION_ID_EXPIRED',
  'INSUFFICIENT_BALANCE',
  'BALANCE_LIMIT_EXCEEDED',
  'OUTCOME_UNKNOWN',
]

const schema = {
  params: UserParams,
  querystring: NoQuery,
  response: {
    200: TransactionSchema,
    ...problemResponses(...REFUSALS),
  },
}

const ROUTES = {
  deposit: {
    // A deposit makes money out of nothing: owning a wallet is no right to that.
    config: { access: 'admin' },
    summary: 'Put money into a wallet; answers with the Deposit',
    response: { ...schema.response, ...problemResponses(...REFUSALS, 'FORBIDDEN') },
  },
  withdraw: {
    config: { access: 'owner' },
    summary: 'Take money out of a wallet; answers with the Withdrawal',
    response: schema.response,
  },
} as const

export function movementRoutes(app: App, service: WalletService): void {
  const onRequest = shedLoad(app, service)
  for (const kind of ['deposit', 'withdraw'] as const) {
    const { config, summary, response } = ROUTES[kind]
    app.put(
      `/users/:userID/wallet/${kind}`,
      { config, onRequest, schema: { ...schema, response, operationId: kind, summary, body: MovementBody } },
      async (request, reply) => {
        const { amount, transactionID } = request.body
        const movement = { kind, amount: toAmount(BigInt(amount)), passiveUserID: null }
        await submit(request, reply, { userID: request.params.userID, transactionID, movement })
        return reply
      },
    )
  }

  app.put(
    '/users/:userID/wallet/transfer',
    {
      config: { access: 'owner' },
      onRequest,
      schema: {
        ...schema,
        operationId: 'transfer',
        summary: "Move money to another user's wallet; answers with the caller's TransferOut",
        body: TransferBody,
        response: { ...schema.response, ...problemResponses(...REFUSALS, 'SELF_TRANSFER', 'PASSIVE_WALLET_NOT_FOUND') },
      },
    },
    async (request, reply) => {
      const { passiveUserID, amount, transactionID } = request.body
      const movement = { kind: 'transfer', amount: toAmount(BigInt(amount)), passiveUserID } as const
      await submit(request, reply, { userID: request.params.userID, transactionID, movement })
      return reply
    },
  )

  async function submit(
    request: FastifyRequest,
    reply: FastifyReply,
    asked: Omit<MovementRequest, 'requestID'>,
  ): Promise<void> {
    request.transactionID = asked.transactionID
    const answer = await service.submit({ ...asked, requestID: request.id as RequestID })
    switch (answer.kind) {
      case 'failed':
      case 'rejected':
        sendProblem(reply, answer.code)
        return
      case 'executed':
        request.outcome = 'executed'
        if (answer.replayed) sayReplayed(request, reply)
        reply.send(transactionView(answer.transaction))
        return
      case 'refused':
        if (answer.replayed) sayReplayed(request, reply)
        sendRefusal(reply, answer.refusal)
        return
      default:
        answer satisfies never
    }
  }
}

function sayReplayed(request: FastifyRequest, reply: FastifyReply): void {
  request.replayed = true
  reply.header('idempotent-replayed', 'true')
}
