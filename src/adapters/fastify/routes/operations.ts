import type { Readiness } from '../../../ports/readiness.ts'
import type { App } from '../server.ts'

/** For those who run the service: is the process alive, can it serve, what does it offer. */
export function operationRoutes(app: App, readiness: Readiness): void {
  app.get('/livez', { schema: { hide: true } }, async () => ({ status: 'alive' }))

  app.get('/readyz', { schema: { hide: true } }, async (_request, reply) => {
    const status = await readiness()
    return reply.code(status === 'ready' ? 200 : 503).send({ status })
  })

  app.get('/openapi.json', { schema: { hide: true } }, async () => app.swagger())
}
