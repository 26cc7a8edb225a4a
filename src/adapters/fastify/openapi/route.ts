import { readFileSync } from 'node:fs'
import type { App } from '../app.ts'

/** In the package's own folder, from this file in `dist/`. */
const CONTRACT_IN_SHORT = new URL('../../../../../llms.txt', import.meta.url)

/** What people, programs and language models read before they call the API. */
export function documentRoutes(app: App): void {
  const options = { config: { access: 'open' }, schema: { hide: true } } as const
  const text = readFileSync(CONTRACT_IN_SHORT, 'utf8')
  app.get('/openapi.json', options, async () => app.swagger())
  app.get('/llms.txt', options, async (_request, reply) => reply.type('text/plain; charset=utf-8').send(text))
}
