import fastify from 'fastify'
import { UserParams, WalletSchema } from '../src/adapters/fastify/openapi/schemas.ts'

/*
 * The least that a GET can cost: a bare Fastify route with the same schema, and no database.
 */

const AT = '2024-12-16T03:59:02.608558Z'

const app = fastify()
app.get<{ Params: { userID: string } }>(
  '/api/v1/users/:userID/wallet',
  { schema: { params: UserParams, response: { 200: WalletSchema } } },
  async ({ params }) => ({
    userID: params.userID,
    balance: 1_000_000_000_000n,
    version: 1n,
    createdAt: AT,
    updatedAt: AT,
  }),
)
process.stdout.write(`listening at ${await app.listen({ port: 0, host: '127.0.0.1' })}/api\n`)
