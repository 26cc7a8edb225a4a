import type { App } from '../app.ts'

/** What people read in a browser. */
export function documentRoutes(app: App): void {
  app.get('/openapi.json', { config: { access: 'open' }, schema: { hide: true } }, async () => app.swagger())
}
