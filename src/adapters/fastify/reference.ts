import swaggerUI from '@fastify/swagger-ui'
import type { App } from './server.ts'

/** Everything comes from the service, nothing stands in the page itself, and nobody may frame it. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

/** The API description for people, with "try it", at `/docs`. */
export async function serveReference(app: App): Promise<void> {
  await app.register(swaggerUI, {
    routePrefix: '/docs',
    staticCSP: CONTENT_SECURITY_POLICY,
    theme: { title: 'Wallet service: API' },
    uiConfig: { layout: 'BaseLayout', deepLinking: true, displayRequestDuration: true, docExpansion: 'list' },
  })
}
