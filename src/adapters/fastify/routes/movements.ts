import type { FastifyReply, FastifyRequest } from 'fastify'
import type { RequestID } from '../../../domain/command.ts'
import { toAmount } from '../../../domain/money.ts'
import type { MovementRequest, WalletService } from '../../../ports/wallet-service.ts'
import type { App } from '../app.ts'
import { type AnswerExample, REQUEST_EXAMPLES } from '../openapi/examples.ts'
import { documented, problemResponses } from '../openapi/responses.ts'
import {
  ConditionHeaders,
  MovementBody,
  NoQuery,
  TransactionSchema,
  TransferBody,
  UserParams,
} from '../openapi/schemas.ts'
import { mustBe } from '../wire/expected.ts'
import { noted } from '../wire/note.ts'
import { type ProblemCode, sendProblem, sendRefusal } from '../wire/problem.ts'
import { transactionView } from '../wire/views.ts'

/** Of every movement. */
const REFUSALS: readonly ProblemCode[] = [
  'UNSUPPORTED_MEDIA_TYPE',
  'OVERLOADED',
  'TRANSACTION_ID_UNKNOWN',
  'TRANSACTION_ID_REUSED',
  'TRANSACTION_ID_EXPIRED',
  'WALLET_CLOSED',
  'VERSION_MISMATCH',
  'OUTCOME_UNKNOWN',
]

const DESCRIPTION =
  'Happens once, however often it is sent: 422 is final for this transaction ID, 503 means the same again, 400 means correct the request.'

function movementSchema(example: AnswerExample, ...more: ProblemCode[]) {
  return {
    tags: ['Movements'],
    description: DESCRIPTION,
    params: UserParams,
    querystring: NoQuery,
    headers: ConditionHeaders,
    response: {
      200: documented(TransactionSchema, {
        description: 'Executed, now or earlier',
        examples: [example],
        headers: ['idempotent-replayed'],
      }),
      ...problemResponses([...REFUSALS, ...more], {
        invalid: { errors: [{ path: '/amount', message: mustBe(MovementBody.properties.amount) }] },
        replayable: true,
      }),
    },
  }
}

export function movementRoutes(app: App, wallets: () => WalletService): void {
  app.put(
    '/users/:userID/wallet/deposit',
    {
      // A deposit makes money out of nothing: owning a wallet is no right to that.
      config: { access: 'admin', shedsLoad: true },
      schema: {
        ...movementSchema('deposit', 'FORBIDDEN', 'BALANCE_LIMIT_EXCEEDED'),
        operationId: 'deposit',
        summary: 'Put money into a wallet; answers with the Deposit',
        body: { ...MovementBody, examples: [REQUEST_EXAMPLES.deposit] },
      },
    },
    async (request, reply) => {
      const { amount, transactionID } = request.body
      const movement = {
        kind: 'deposit',
        amount: toAmount(BigInt(amount)),
        passiveUserID: null,
        ...noted(request.body),
      } as const
      return submit(request, reply, { userID: request.params.userID, transactionID, movement })
    },
  )

  app.put(
    '/users/:userID/wallet/withdraw',
    {
      config: { access: 'owner', shedsLoad: true },
      schema: {
        ...movementSchema('withdrawal', 'WALLET_FROZEN', 'INSUFFICIENT_BALANCE'),
        operationId: 'withdraw',
        summary: 'Take money out of a wallet; answers with the Withdrawal',
        body: { ...MovementBody, examples: [REQUEST_EXAMPLES.withdraw] },
      },
    },
    async (request, reply) => {
      const { amount, transactionID } = request.body
      const movement = {
        kind: 'withdraw',
        amount: toAmount(BigInt(amount)),
        passiveUserID: null,
        ...noted(request.body),
      } as const
      return submit(request, reply, { userID: request.params.userID, transactionID, movement })
    },
  )

  app.put(
    '/users/:userID/wallet/transfer',
    {
      config: { access: 'owner', shedsLoad: true },
      schema: {
        ...movementSchema(
          'transferOut',
          'SELF_TRANSFER',
          'WALLET_FROZEN',
          'PASSIVE_WALLET_CLOSED',
          'PASSIVE_WALLET_NOT_FOUND',
          'INSUFFICIENT_BALANCE',
          'BALANCE_LIMIT_EXCEEDED',
        ),
        operationId: 'transfer',
        summary: "Move money to another user's wallet; answers with the caller's TransferOut",
        body: { ...TransferBody, examples: [REQUEST_EXAMPLES.transfer] },
      },
    },
    async (request, reply) => {
      const { passiveUserID, amount, transactionID } = request.body
      const movement = {
        kind: 'transfer',
        amount: toAmount(BigInt(amount)),
        passiveUserID,
        ...noted(request.body),
      } as const
      return submit(request, reply, { userID: request.params.userID, transactionID, movement })
    },
  )

  async function submit(
    request: FastifyRequest,
    reply: FastifyReply,
    asked: Omit<MovementRequest, 'requestID'>,
  ): Promise<FastifyReply> {
    request.transactionID = asked.transactionID
    const answer = await wallets().submit({ ...asked, ...conditionOf(request), requestID: request.id as RequestID })
    switch (answer.kind) {
      case 'failed':
      case 'rejected':
        return sendProblem(reply, answer.code)
      case 'executed':
        request.outcome = 'executed'
        if (answer.replayed) sayReplayed(request, reply)
        return reply.send(transactionView(answer.transaction))
      case 'refused':
        if (answer.replayed) sayReplayed(request, reply)
        return sendRefusal(reply, answer.refusal)
      default:
        return answer satisfies never
    }
  }
}

function sayReplayed(request: FastifyRequest, reply: FastifyReply): void {
  request.replayed = true
  reply.header('idempotent-replayed', 'true')
}

/** What `If-Match` asks for; the schema has checked its form. */
function conditionOf({ headers }: FastifyRequest): { readonly ifVersion: bigint } | undefined {
  const tag = headers['if-match']
  return tag === undefined ? undefined : { ifVersion: BigInt(tag.slice(1, -1)) }
}
