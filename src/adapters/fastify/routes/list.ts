import type { Static } from '@sinclair/typebox'
import type { RequestID } from '../../../domain/command.ts'
import { TransactionType } from '../../../domain/transaction.ts'
import type { Caller } from '../../../ports/authenticator.ts'
import type { ItemsEntry } from '../../../ports/telemetry.ts'
import type { ListAnswer, MovementRequest, WalletService } from '../../../ports/wallet-service.ts'
import type { App } from '../app.ts'
import { HTTP_BOUNDS } from '../bounds.ts'
import { mayActFor } from '../gate/access.ts'
import { REQUEST_EXAMPLES } from '../openapi/examples.ts'
import { ListBody, ListResultsSchema, type MovementItem, type TransferItem } from '../openapi/list-schemas.ts'
import { documented, problemResponses } from '../openapi/responses.ts'
import { NoQuery } from '../openapi/schemas.ts'
import { mustBe } from '../wire/expected.ts'
import { validateList } from '../wire/list-validator.ts'
import { toMovement } from '../wire/movement.ts'
import { PROBLEMS, type ProblemCode, problemOf, sendProblem } from '../wire/problem.ts'
import { transactionView } from '../wire/views.ts'

type Item = Static<typeof MovementItem> | Static<typeof TransferItem>

const DESCRIPTION = `Up to 1000 movements of any users in one request. Each happens once, however often it is sent, here or alone: its result is what it would
be answered with alone. Items that share a wallet take effect in the order of the list. With \`atomic: true\` all are executed,
or none that is new: the one that could not be keeps its refusal, the others are \`NOT_EXECUTED\` and their IDs stay unused.
A status of 503 in a result means that the outcome of this item is not known: send the list again as it is.`

export function listRoutes(app: App, wallets: () => WalletService): void {
  app.put(
    '/transactions',
    {
      config: { access: 'caller', shedsLoad: true },
      bodyLimit: HTTP_BOUNDS.listBytes,
      validatorCompiler: validateList,
      schema: {
        operationId: 'submitList',
        tags: ['Movements'],
        summary: 'Move money many times in one request; answers with a result for each item',
        description: DESCRIPTION,
        querystring: NoQuery,
        body: { ...ListBody, examples: [REQUEST_EXAMPLES.list] },
        response: {
          200: documented(ListResultsSchema, {
            description: 'Each item has a result, whatever it is',
            examples: ['listResults'],
          }),
          ...problemResponses(['UNSUPPORTED_MEDIA_TYPE', 'OVERLOADED'], {
            invalid: { errors: [{ path: '/transactions', message: mustBe(ListBody.properties.transactions) }] },
            bodyBytes: HTTP_BOUNDS.listBytes,
            ofNoWallet: true,
          }),
        },
      },
    },
    async (request, reply) => {
      const { transactions: items, atomic = false } = request.body
      const denials = items.map((item) => denial(item, request.caller))
      const allowed = items.filter((_item, index) => denials[index] === undefined)
      const requestID = request.id as RequestID
      const impossible = allowed.length < items.length
      const list = await wallets().submitList(
        allowed.map((item) => toRequest(item, requestID)),
        { atomic, impossible },
      )
      if (list.kind === 'failed') return sendProblem(reply, list.code)
      const answers = list.answers.values()
      const results = denials.map((code) =>
        code === undefined ? resultView(answers.next().value as ListAnswer, request.id) : problemView(code, request.id),
      )
      request.items = tally(results)
      return reply.send({ results })
    },
  )
}

/** How many items fared alike. */
function tally(results: readonly ReturnType<typeof resultView>[]): readonly ItemsEntry[] {
  const counts = new Map<string, ItemsEntry>()
  for (const result of results) {
    const outcome = 'problem' in result ? result.problem.code : 'executed'
    const { replayed } = result
    const alike = `${outcome} ${replayed}`
    counts.set(alike, { outcome, replayed, count: (counts.get(alike)?.count ?? 0) + 1 })
  }
  return [...counts.values()]
}

/** Why a caller may not send an item: what the item alone would be answered with. Without callers everyone may. */
function denial({ userID, type }: Item, caller: Caller | undefined): ProblemCode | undefined {
  if (caller === undefined) return undefined
  if (type === TransactionType.Deposit && !caller.admin) return 'FORBIDDEN'
  return mayActFor(caller, userID) ? undefined : 'WALLET_NOT_FOUND'
}

function toRequest(item: Item, requestID: RequestID): MovementRequest {
  const { userID, transactionID, ifVersion } = item
  const request = { userID, transactionID, requestID, movement: toMovement(item.type, item) }
  return ifVersion === undefined ? request : { ...request, ifVersion: BigInt(ifVersion) }
}

function resultView(answer: ListAnswer, requestID: string) {
  switch (answer.kind) {
    case 'executed':
      return { status: 200, replayed: answer.replayed, transaction: transactionView(answer.transaction) }
    case 'refused':
      return { ...problemView(answer.refusal.code, answer.refusal.requestID), replayed: answer.replayed }
    case 'rejected':
    case 'failed':
      return problemView(answer.code, requestID)
    default:
      return answer satisfies never
  }
}

function problemView(code: ProblemCode, instance: string) {
  return { status: PROBLEMS[code].status, replayed: false, problem: problemOf(code, instance) }
}
