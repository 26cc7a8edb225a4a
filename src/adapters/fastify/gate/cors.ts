import cors, { type FastifyCorsOptions } from '@fastify/cors'
import type { FastifyRequest } from 'fastify'
import type { App } from '../app.ts'

/** What a page may send and read beside what any page may. */
const ALLOWED: FastifyCorsOptions = {
  methods: ['GET', 'PUT', 'POST'],
  allowedHeaders: [
    ...['Authorization', 'Content-Type', 'If-Match', 'If-None-Match', 'Last-Event-ID'],
    ...['traceparent', 'Wallet-Version-Min'],
  ],
  exposedHeaders: ['Idempotent-Replayed', 'Link', 'Retry-After', 'X-Request-Id', 'ETag'],
  // Each write would be two requests: a browser asks again after so many seconds.
  maxAge: 600,
}

/**
 * Lets pages of these origins, and of no others, call the service from a browser. Before any route is added: a preflight is
 * answered ahead of what guards a route, since it has no token, and is no request that a limit counts.
 */
export async function allowOrigins(app: App, origins: readonly string[]): Promise<void> {
  if (origins.length === 0) return
  const listed = new Set(origins)
  const optionsFor = ({ headers }: FastifyRequest): FastifyCorsOptions => {
    const { origin = '', 'access-control-request-method': asked } = headers
    // Any other OPTIONS is a method like all that a path does not know.
    return { ...ALLOWED, origin: listed.has(origin) && origin, preflight: asked !== undefined }
  }
  await app.register(cors, { delegator: (request, answer) => answer(null, optionsFor(request)) })
}
