import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { FastifyInstance } from 'fastify'

const CREATED = 'fastify.initialization'

export interface DeclaredRoute {
  readonly method: string
  /** As it is declared: `/users/:userID/wallet`. */
  readonly url: string
}

/** Has `watch` look at the server that `build` makes, before any of our own code does. */
export async function onCreation<Built>(
  watch: (app: FastifyInstance) => void,
  build: () => Promise<Built>,
): Promise<Built> {
  const created = (message: unknown) => watch((message as { fastify: FastifyInstance }).fastify)
  subscribe(CREATED, created)
  try {
    return await build()
  } finally {
    unsubscribe(CREATED, created)
  }
}

/** Every route of the server that `build` makes, as Fastify itself is told of them: none can be left out of a test. */
export async function declaredRoutes<Built>(
  build: () => Promise<Built>,
): Promise<{ built: Built; routes: readonly DeclaredRoute[] }> {
  const routes: DeclaredRoute[] = []
  function watch(app: FastifyInstance): void {
    app.addHook('onRoute', ({ method, url }) => {
      for (const each of [method].flat()) routes.push({ method: each, url })
    })
  }
  return { built: await onCreation(watch, build), routes }
}
