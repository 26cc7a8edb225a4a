import { Type } from '@sinclair/typebox'
import type { MetricsPage } from '../../../ports/telemetry.ts'
import type { Readiness } from '../../../ports/wallet-service.ts'
import type { App } from '../app.ts'
import { documented, responsesOf } from '../openapi/responses.ts'
import { type Particulars, type ProblemCode, RETRY_AFTER_S } from '../wire/problem.ts'

const LivenessSchema = Type.Object({ status: Type.String() }, { title: 'Liveness' })
const ReadinessSchema = Type.Object({ status: Type.String() }, { title: 'Readiness' })
const PROBLEMS: readonly ProblemCode[] = ['BODY_TOO_LARGE', 'INVALID_REQUEST']
const invalid: Particulars = { detail: 'There is no Host header.' }

/** For those who run the service: is the process alive, can it serve, how does it fare. */
export function operationRoutes(app: App, readiness: Readiness, metrics: MetricsPage | undefined): void {
  app.get(
    '/livez',
    {
      config: { access: 'open' },
      schema: {
        operationId: 'getLiveness',
        tags: ['Operations'],
        summary: 'Whether the process is alive, whatever its database does',
        response: {
          200: documented(LivenessSchema, { description: 'Alive', examples: ['alive'] }),
          ...responsesOf(PROBLEMS, { invalid }),
        },
      },
    },
    async () => ({ status: 'alive' }),
  )

  app.get(
    '/readyz',
    {
      config: { access: 'open' },
      schema: {
        operationId: 'getReadiness',
        tags: ['Operations'],
        summary: 'Whether requests can be served right now',
        response: {
          200: documented(ReadinessSchema, { description: 'Ready', examples: ['ready'] }),
          503: documented(ReadinessSchema, {
            description: 'Not ready, and why',
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

  if (metrics === undefined) return
  app.get('/metrics', { config: { access: 'open' }, schema: { hide: true } }, async (_request, reply) =>
    reply.type(metrics.contentType).send(await metrics.text()),
  )
}
