import type { onRequestHookHandler } from 'fastify'
import type { App } from '../app.ts'
import { sendProblem } from '../wire/problem.ts'

const TICK_MS = 5
const LATE_MS = 20

/**
 * Turns movements away before they are read, while the service is overloaded and the event loop is late: to read and
 * validate a request first, as the contract's order of errors has it, costs half of what executing it costs, and under
 * twice the load that can be served nothing would be left to serve any. While the event loop keeps up, the order holds.
 */
export function refuseOverload(isOverloaded: () => boolean, latenessMs: () => number): onRequestHookHandler {
  return (_request, reply, done) => {
    if (isOverloaded() && latenessMs() > LATE_MS) sendProblem(reply, 'OVERLOADED')
    else done()
  }
}

/** How long ago the event loop last had its turn. */
export function watchEventLoop(app: App): () => number {
  let lastTick = performance.now()
  const ticking = setInterval(() => {
    lastTick = performance.now()
  }, TICK_MS).unref()
  app.addHook('onClose', async () => clearInterval(ticking))
  return () => performance.now() - lastTick
}
