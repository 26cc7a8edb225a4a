import { Type } from '@sinclair/typebox'
import type { Readiness } from '../../../ports/readiness.ts'
import { type Particulars, type ProblemCode, RETRY_AFTER_S } from '../problem.ts'
import { documented, responsesOf } from '../responses.ts'
import type { App } from '../server.ts'

const LivenessSchema = Type.Object({ status: Type.String() }, { title: 'Liveness' })
const ReadinessSchema = Type.Object({ status: Type.String() }, { title: 'Readiness' })
const PROBLEMS: readonly ProblemCode[] = ['BODY_TOO_LARGE', 'INVALID_REQUEST']
const invalid: Particulars = { detail: 'There is no Host header.' }

/** For those who run the service: is the process alive, can it serve, what does it offer. */
export function operationRoutes(app: App, readiness: Readiness): void {
  app.get(
    '/livez',
    {
      schema: {
        operationId: 'getLiveness',
        tags: ['Operations'],
        summary: 'Whether the process lives, whatever its database does',
        response: {
          200: documented(LivenessSchema, { description: 'It lives', examples: ['alive'] }),
          ...responsesOf(PROBLEMS, { invalid }),
        },
      },
    },
    async () => ({ status: 'alive' }),
  )

  app.get(
    '/readyz',
    {
      schema: {
        operationId: 'getReadiness',
        tags: ['Operations'],
        summary: 'Whether requests can be served right now',
        response: {
          200: documented(ReadinessSchema, { description: 'They can', examples: ['ready'] }),
          503: documented(ReadinessSchema, {
            description: 'They cannot, and why',
            examples: ['starting', 'databaseUnavailable', 'shuttingDown'],
          }),
          ...responsesOf([...PROBLEMS, 'INTERNAL'], { invalid }),
        },
      },
    },
    async (_request, reply) => {
      const status = await readiness()
      if (status !== 'ready') reply.code(503).header('retry-after', RETRY_AFTER_S)
      return reply.send({ status })
    },
  )

  app.get('/openapi.json', { schema: { hide: true } }, async () => app.swagger())
}
