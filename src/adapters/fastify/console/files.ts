import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import files from '@fastify/static'
import type { App } from '../app.ts'
import { secureDocuments } from '../gate/headers.ts'
import { sendProblem } from '../wire/problem.ts'

/** The package's own folder, from this file in `dist/`. */
const PACKAGE = new URL('../../../../..', import.meta.url)
const PAGE = 'index.html'

/** What the page loads beside its own modules. */
const OTHERS: Readonly<Record<string, string>> = {
  'console.css': new URL('console/console.css', PACKAGE).href,
  'print.css': new URL('console/print.css', PACKAGE).href,
  'icon.svg': new URL('console/icon.svg', PACKAGE).href,
  'lib/preact.js': import.meta.resolve('preact'),
  'lib/preact-hooks.js': import.meta.resolve('preact/hooks'),
  'lib/preact-jsx-runtime.js': import.meta.resolve('preact/jsx-runtime'),
  'lib/uplot.js': import.meta.resolve('uplot/dist/uPlot.esm.js'),
  'lib/uplot.css': import.meta.resolve('uplot/dist/uPlot.min.css'),
}
const MODULE = /^(?:console|client)\/[a-z-]+\.js$/

/**
 * The console's page and what it loads, all from this package. It shows nothing by itself, so everyone may have it: who
 * may see data is for the data's routes to say.
 */
export async function consoleFileRoutes(app: App): Promise<void> {
  // Kept by browsers, and asked for anew each time: after an upgrade no one runs yesterday's console.
  await app.register(files, { serve: false, root: fileURLToPath(PACKAGE), cacheControl: false })
  await secureDocuments(app, [importMapOf(readFileSync(new URL(`console/${PAGE}`, PACKAGE), 'utf8'))])
  const config = { access: 'open' } as const
  const schema = { hide: true }

  app.get('', { config, schema, prefixTrailingSlash: 'no-slash' }, async (_request, reply) =>
    reply.redirect('console/'),
  )

  app.get('/', { config, schema, prefixTrailingSlash: 'slash' }, async (_request, reply) =>
    reply.header('cache-control', 'no-cache').sendFile(`console/${PAGE}`),
  )

  app.get('/*', { config, schema }, async (request, reply) => {
    const path = fileOf(wildcardOf(request.params))
    if (path === undefined) return sendProblem(reply, 'ROUTE_NOT_FOUND')
    return reply.header('cache-control', 'no-cache').sendFile(path, '/')
  })
}

/** Says where the page's modules find the libraries. A map may not yet be a file of its own, so the page's policy names this one. */
function importMapOf(page: string): string {
  const [, map] = /<script type="importmap">([\s\S]*?)<\/script>/.exec(page) ?? []
  if (map === undefined) throw new Error(`${PAGE} has no import map`)
  return map
}

function wildcardOf(params: unknown): string {
  return typeof params === 'object' && params !== null && '*' in params ? String(params['*']) : ''
}

/** Where a file is that the page may load: only what is listed, and modules by a name that leads nowhere else. */
function fileOf(name: string): string | undefined {
  const other = Object.hasOwn(OTHERS, name) ? OTHERS[name] : undefined
  if (other !== undefined) return fileURLToPath(other)
  return MODULE.test(name) ? fileURLToPath(new URL(`dist/${name}`, PACKAGE)) : undefined
}
