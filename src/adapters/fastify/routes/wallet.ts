import type { WalletService } from '../../../ports/wallet-service.ts'
import type { App } from '../app.ts'
import { documented, problemResponses } from '../openapi/responses.ts'
import { NoBody, NoQuery, UserParams, WalletSchema } from '../openapi/schemas.ts'
import { sendProblem } from '../wire/problem.ts'
import { walletView } from '../wire/views.ts'

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
        summary: 'Read a wallet',
        params: UserParams,
        querystring: NoQuery,
        response: {
          200: documented(WalletSchema, { description: 'The wallet as it is', examples: ['wallet'] }),
          ...problemResponses(['OVERLOADED']),
        },
      },
    },
    async (request, reply) => {
      const answer = await wallets().wallet(request.params.userID)
      return answer.kind === 'found' ? reply.send(walletView(answer.wallet)) : sendProblem(reply, answer.code)
    },
  )
}
