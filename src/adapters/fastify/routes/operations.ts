import type { MetricsPage } from '../../../ports/metrics.ts'
import type { Readiness } from '../../../ports/readiness.ts'
import { RETRY_AFTER_S } from '../problem.ts'
import type { App } from '../server.ts'

/** For those who run the service: is the process alive, can it serve, how does it fare. */
export function operationRoutes(app: App, readiness: Readiness, metrics: MetricsPage | undefined): void {
  app.get('/livez', { config: { access: 'open' }, schema: { hide: true } }, async () => ({ status: 'alive' }))

  app.get('/readyz', { config: { access: 'open' }, schema: { hide: true } }, async (_request, reply) => {
    const status = await readiness()
    if (status !== 'ready') reply.code(503).header('retry-after', RETRY_AFTER_S)
    return reply.send({ status })
  })

  if (metrics === undefined) return
  app.get('/metrics', { config: { access: 'open' }, schema: { hide: true } }, async (_request, reply) =>
    reply.type(metrics.contentType).send(await metrics.text()),
  )
}
