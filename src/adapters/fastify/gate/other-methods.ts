import { METHODS } from 'node:http'
import type { App } from '../app.ts'
import { sendProblem } from '../wire/problem.ts'

/**
 * Watches the routes that are added from here on; the function it returns answers every other method on their
 * paths with 405, before a body is read.
 */
export function answerOtherMethods(app: App): () => void {
  // Methods that Fastify does not know of would find no route at all, and be answered with 404.
  for (const method of METHODS) if (!app.supportedMethods.includes(method)) app.addHttpMethod(method)
  const urls = new Set<string>()
  app.addHook('onRoute', ({ url }) => {
    urls.add(url)
  })

  return () => {
    for (const url of [...urls]) {
      // The hook is not told of everything: of a path with and without a slash at its end it hears once.
      const known = new Set(app.supportedMethods.filter((method) => app.hasRoute({ url, method })))
      const allowed = [...known].sort().join(', ')
      app.route({
        url,
        method: app.supportedMethods.filter((method) => !known.has(method)),
        config: { access: 'open' },
        schema: { hide: true },
        onRequest: (_request, reply) => {
          sendProblem(reply.header('allow', allowed), 'METHOD_NOT_ALLOWED')
        },
        handler: () => undefined,
      })
    }
  }
}
