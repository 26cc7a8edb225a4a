import swaggerUI from '@fastify/swagger-ui'
import type { App } from './server.ts'

/** The API description for people, with "try it", at `/docs`. All that it loads comes from the service. */
export async function serveReference(app: App): Promise<void> {
  app.decorate('access', 'open')
  await app.register(swaggerUI, {
    routePrefix: '/docs',
    theme: { title: 'Wallet service: API' },
    uiConfig: { layout: 'BaseLayout', deepLinking: true, displayRequestDuration: true, docExpansion: 'list' },
  })
}
