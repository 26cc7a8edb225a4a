import type { RequestTracing } from '../../../ports/telemetry.ts'
import type { App } from '../app.ts'

/** Gives each request a span, from its head to the end of its answer. */
export function traceRequests(app: App, tracing: RequestTracing): void {
  app.addHook('onRequest', (request, _reply, done) => {
    request.span = tracing.startRequest(request.headers)
    done()
  })
  // Right before the handler: whether the events of a body keep an asynchronous context is up to Node.js.
  app.addHook('preHandler', (request, _reply, done) => {
    if (request.span === undefined) done()
    else request.span.run(done)
  })
  app.addHook('onResponse', (request, reply, done) => {
    const { id, method, route } = request
    request.span?.end({ requestID: id, method, route, status: reply.statusCode })
    done()
  })
}
