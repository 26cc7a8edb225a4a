import { bareCode, type Import, importsOf, type SourceFile } from './imports.ts'

/*
 * The rules of the hexagon, as sentences that come out where one is broken. Imports run one way:
 * domain <- ports <- { app, adapters }. The client stands alone; the command line stands above everything.
 */

/** The only files of the app that know the adapters. */
const COMPOSERS = ['src/app/compose.ts', 'src/app/main.ts']

/** The only files that use the package `postgres`, whose everyday use loses money. */
const POSTGRES_OWNERS = ['src/adapters/postgres/lane.ts', 'src/adapters/postgres/failures.ts']

/** The schema's runner, and what it demands of a server, stand beside src/, since they run without the service too. */
const SCHEMA = ['db/migrate.ts', 'db/own-session.ts']

/** What the page's import map names. */
const CONSOLE_PACKAGES = ['preact', 'preact/hooks', 'uplot']

/** What the command line runs or asks besides the client, the domain, the ports and what is in db/. */
const USED_BY_CLI = [
  'src/app/main.ts',
  'src/app/config.ts',
  'src/adapters/embedded-postgres/server.ts',
  'src/adapters/fastify/rfc3339.ts',
]

/** Looks for the programs of a package that is named after the machine. */
const COMPUTED_IMPORTS = ['src/adapters/embedded-postgres/programs.ts']

/** What would make the domain depend on when, where or by whom it is run. */
const IMPURE =
  /\b(?:fetch|Date|performance|Math\.random|crypto|process|globalThis|console|async|await|Promise|setTimeout|setInterval|setImmediate|queueMicrotask|Intl|toLocale\w*)\b/g

/** Everything that a file does and may not. */
export function violations(file: SourceFile): string[] {
  const broken = importsOf(file)
    .map((each) => [each, complaint(file.path, each)] as const)
    .filter(([, reason]) => reason !== undefined)
    .map(([{ specifier }, reason]) => `${file.path} imports ${specifier}: ${reason}`)
  return layerOf(file.path) === 'domain' ? [...broken, ...impurities(file)] : broken
}

function complaint(path: string, { specifier, target, typeOnly }: Import): string | undefined {
  const layer = layerOf(path)
  if (specifier === '?')
    return COMPUTED_IMPORTS.includes(path) ? undefined : 'what is computed cannot be read from the source'
  if (target === undefined) return complaintOfPackage(path, layer, specifier, typeOnly)
  return target.startsWith('tests/') ? 'the service does not know its tests' : complaintOfFile(path, layer, target)
}

/** What a layer knows besides itself, and what is said where it knows more. */
const KNOWN: Readonly<Record<string, readonly [layers: readonly string[], reason: string]>> = {
  domain: [[], 'the domain knows only itself'],
  ports: [['domain'], 'ports know only the domain'],
  app: [['domain', 'ports'], 'only the composing files of the app know the adapters'],
  adapters: [['domain', 'ports'], 'an adapter knows the domain, the ports and its own folder'],
  console: [['client'], 'the console knows the service by its client'],
  client: [[], 'the client stands alone'],
  db: [['domain', 'ports', 'adapters/embedded-postgres'], 'the schema and its auditor know nothing of who uses them'],
  cli: [['client', 'db', 'domain', 'ports'], 'the command line uses the client, and starts what there is'],
}

function complaintOfFile(path: string, layer: string, target: string): string | undefined {
  const other = layerOf(target)
  const [known, reason] = KNOWN[layer.startsWith('adapters/') ? 'adapters' : layer] ?? []
  if (known === undefined) return 'this folder belongs to no layer'
  if (other === layer || known.includes(other)) return undefined
  if (layer === 'app' && (SCHEMA.includes(target) || (other.startsWith('adapters/') && COMPOSERS.includes(path))))
    return undefined
  return layer === 'cli' && USED_BY_CLI.includes(target) ? undefined : reason
}

function complaintOfPackage(path: string, layer: string, specifier: string, typeOnly: boolean): string | undefined {
  if (layer === 'domain' || layer === 'ports') return `${layer} import no package and nothing of Node.js`
  if (layer === 'console')
    return CONSOLE_PACKAGES.includes(specifier) ? undefined : 'the page has no such library in its import map'
  if (layer === 'client') return 'the client runs in browsers, and brings nothing along'
  if (specifier === 'postgres' && !typeOnly && !POSTGRES_OWNERS.includes(path)) {
    return 'only a lane and the sorting of its failures use this package'
  }
  return undefined
}

function impurities({ path, text }: SourceFile): string[] {
  return [...bareCode(text).matchAll(IMPURE)].map(
    ([name]) => `${path} uses ${name}: the domain is pure and synchronous`,
  )
}

/** Layers of their own, beside those in src/. */
const STANDING_BESIDE = ['client', 'cli', 'console', 'db']

/** `domain`, `ports`, `app`, `adapters/<name>`, `client`, `cli`, `console`, `db`, or what else there is. */
export function layerOf(path: string): string {
  const [root, layer, name] = path.split('/')
  if (root !== undefined && STANDING_BESIDE.includes(root)) return root
  if (root !== 'src' || layer === undefined) return path
  return layer === 'adapters' ? `adapters/${name}` : layer
}
