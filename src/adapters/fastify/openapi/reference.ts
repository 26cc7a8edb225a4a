import swaggerUI from '@fastify/swagger-ui'
import type { onRequestHookHandler } from 'fastify'
import type { App } from '../app.ts'
import { SERVER_OF } from './document.ts'

/** Other addresses of the page, and the way from each to its own, which ends in a slash: what it loads is found from there. */
const WAY_TO_PAGE: Readonly<Record<string, string>> = { '/docs': 'docs/', '/docs/static/index.html': '../' }

/** Relative, as is all that the page loads: a proxy may have the service below a path that the service does not know. */
const leadToPage: onRequestHookHandler = (request, reply, done) => {
  const [path = '', query] = request.url.split('?', 2)
  const way = WAY_TO_PAGE[path] ?? (path === '/docs/' && query !== undefined ? './' : undefined)
  if (way === undefined) done()
  else reply.redirect(way)
}

/** The API description for people, with "try it", at `/docs/`. All that it loads comes from the service. */
export async function serveReference(app: App): Promise<void> {
  app.decorate('access', 'open')
  await app.register(swaggerUI, {
    routePrefix: '/docs',
    theme: { title: 'Wallet service: API' },
    uiConfig: { layout: 'BaseLayout', deepLinking: true, displayRequestDuration: true, docExpansion: 'list' },
    uiHooks: { onRequest: leadToPage },
    // It is read from /docs/json, one folder further down.
    transformSpecification: (document) => ({ ...document, servers: [SERVER_OF.reference] }),
  })
}
