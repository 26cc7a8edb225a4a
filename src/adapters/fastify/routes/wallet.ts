import type { FastifyReply } from 'fastify'
import { formatInstant } from '../../../domain/rfc3339.ts'
import type { UserID } from '../../../domain/user-id.ts'
import type { Wallet } from '../../../domain/wallet.ts'
import type { WalletService } from '../../../ports/wallet-service.ts'
import type { App } from '../app.ts'
import { REQUEST_EXAMPLES } from '../openapi/examples.ts'
import { WalletQuerySchema } from '../openapi/past-schemas.ts'
import { documented, problemResponses, withoutBody } from '../openapi/responses.ts'
import { NoBody, NoQuery, StateBody, UserParams, WalletHeaders, WalletSchema } from '../openapi/schemas.ts'
import { mustBe } from '../wire/expected.ts'
import { sendProblem } from '../wire/problem.ts'
import { parseTime } from '../wire/query-string.ts'
import { versionMin } from '../wire/version-min.ts'
import { pastWalletView, walletView } from '../wire/views.ts'

export function walletRoutes(app: App, wallets: () => WalletService): void {
  app.put(
    '/users/:userID/wallet',
    {
      config: { access: 'owner' },
      schema: {
        operationId: 'openWallet',
        tags: ['Wallets'],
        summary: 'Open a wallet (idempotent)',
        params: UserParams,
        querystring: NoQuery,
        body: NoBody,
        response: {
          200: documented(WalletSchema, { description: 'The wallet was open already', examples: ['wallet'] }),
          201: documented(WalletSchema, {
            description: 'The wallet was opened, and is empty',
            examples: ['newWallet'],
          }),
          ...problemResponses(['UNSUPPORTED_MEDIA_TYPE', 'OVERLOADED', 'OUTCOME_UNKNOWN']),
        },
      },
    },
    async (request, reply) => {
      const answer = await wallets().open(request.params.userID)
      if (answer.kind === 'failed') return sendProblem(reply, answer.code)
      return reply.code(answer.created ? 201 : 200).send(walletView(answer.wallet))
    },
  )

  app.get(
    '/users/:userID/wallet',
    {
      config: { access: 'owner' },
      schema: {
        operationId: 'getWallet',
        tags: ['Wallets'],
        summary: 'Read a wallet as it is, or as it was',
        description:
          'With at: as it was at that moment, which stays true; without an ETag. A moment that is not over by the clock of the database is refused, and so is one at which there was no wallet.',
        params: UserParams,
        querystring: WalletQuerySchema,
        headers: WalletHeaders,
        response: {
          200: documented(WalletSchema, {
            description: 'The wallet',
            examples: ['wallet', 'walletAt'],
            headers: ['etag'],
          }),
          304: withoutBody('The wallet is as If-None-Match has it', ['etag']),
          ...problemResponses(['OVERLOADED']),
        },
      },
    },
    async (request, reply) => {
      const { userID } = request.params
      if (request.query.at !== undefined) return sendWalletAt(reply, wallets(), userID, request.query.at)
      const answer = await wallets().wallet(userID, versionMin(request))
      if (answer.kind !== 'found') return sendProblem(reply, answer.code)
      const tag = tagOf(answer.wallet)
      if (tag !== undefined) reply.header('etag', tag)
      if (tag !== undefined && matches(request.headers['if-none-match'], tag)) return reply.code(304).send()
      return reply.send(walletView(answer.wallet))
    },
  )

  app.put(
    '/users/:userID/wallet/state',
    {
      config: { access: 'admin' },
      schema: {
        operationId: 'setWalletState',
        tags: ['Wallets'],
        summary: 'Freeze, close or open a wallet (idempotent)',
        description:
          'Each change is kept with its reason, and by whom. The same state again changes nothing, and keeps nothing.',
        params: UserParams,
        querystring: NoQuery,
        body: { ...StateBody, examples: [REQUEST_EXAMPLES.freeze] },
        response: {
          200: documented(WalletSchema, {
            description: 'The wallet with its state; an open one has none in it',
            examples: ['frozenWallet'],
          }),
          ...problemResponses(
            ['FORBIDDEN', 'UNSUPPORTED_MEDIA_TYPE', 'OVERLOADED', 'WALLET_NOT_EMPTY', 'OUTCOME_UNKNOWN'],
            { invalid: { errors: [{ path: '/reason', message: mustBe(StateBody.properties.reason) }] } },
          ),
        },
      },
    },
    async (request, reply) => {
      const { state, reason } = request.body
      const changedBy = request.caller?.userID ?? null
      const answer = await wallets().changeState({ userID: request.params.userID, state, reason, changedBy })
      return 'wallet' in answer ? reply.send(walletView(answer.wallet)) : sendProblem(reply, answer.code)
    },
  )
}

async function sendWalletAt(reply: FastifyReply, wallets: WalletService, userID: UserID, text: string) {
  const at = parseTime(text).instant
  const answer = await wallets.walletAt({ userID, at })
  switch (answer.kind) {
    case 'found':
      return reply.send(pastWalletView(answer.wallet, at))
    case 'future': {
      const message = `must be in the past: by the clock of the database it is ${formatInstant(answer.now)}`
      return sendProblem(reply, 'INVALID_REQUEST', { errors: [{ path: '/at', message }] })
    }
    case 'rejected':
      return sendProblem(reply, answer.code, { detail: 'This user had no wallet at that moment.' })
    case 'failed':
      return sendProblem(reply, answer.code)
    default:
      return answer satisfies never
  }
}

/** The version, which is what a condition asks for; none while the wallet is not open, since a change of state makes no new one. */
function tagOf({ version, state }: Wallet): string | undefined {
  return state === undefined ? `"${version}"` : undefined
}

/** RFC 9110, 13.1.2: any of the tags, strong or weak, or any representation at all. */
function matches(header: string | undefined, tag: string): boolean {
  if (header === undefined) return false
  return header.trim() === '*' || (header.match(/"[^"]*"/g)?.includes(tag) ?? false)
}
