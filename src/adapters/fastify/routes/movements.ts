import type { Static } from '@sinclair/typebox'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { RequestID } from '../../../domain/command.ts'
import { type TransactionID, TransactionType } from '../../../domain/transaction.ts'
import type { WalletService } from '../../../ports/wallet-service.ts'
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
import { type SentMovement, toMovement } from '../wire/movement.ts'
import { type ProblemCode, sendProblem, sendRefusal } from '../wire/problem.ts'
import { transactionView } from '../wire/views.ts'

type SentAlone = SentMovement & { readonly transactionID: TransactionID }

/** Of every movement. */
const REFUSALS: readonly ProblemCode[] = [
  'UNSUPPORTED_MEDIA_TYPE',
  'OVERLOADED',
  'TRANSACTION_ID_UNKNOWN',
  'TRANSACTION_ID_REUSED',
  'TRANSACTION_ID_RETIRED',
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
    async (request, reply) => submit(request, reply, TransactionType.Deposit),
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
    async (request, reply) => submit(request, reply, TransactionType.Withdrawal),
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
    async (request, reply) => submit(request, reply, TransactionType.TransferOut),
  )

  /** @param type of the transaction that it is answered with. */
  async function submit(
    request: FastifyRequest & { readonly params: Static<typeof UserParams>; readonly body: SentAlone },
    reply: FastifyReply,
    type: TransactionType,
  ): Promise<FastifyReply> {
    const { transactionID } = request.body
    request.transactionID = transactionID
    const answer = await wallets().submit({
      userID: request.params.userID,
      transactionID,
      movement: toMovement(type, request.body),
      ...conditionOf(request),
      requestID: request.id as RequestID,
    })
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
