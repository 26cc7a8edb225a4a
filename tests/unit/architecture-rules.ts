import { bareCode, type Import, importsOf, type SourceFile } from '../support/imports.ts'

/*
 * The rules of the hexagon, as sentences that come out where one is broken. Imports run one way:
 * domain <- ports <- { app, adapters }. The schema's runner and the addresses of databases (db/) and the time limits are
 * below the adapters. The client stands alone; the auditor asks the database and nothing else; the command line stands above
 * everything. Nowhere do imports run in a circle, types included.
 */

/** The only files of the app that know the adapters. */
const COMPOSERS = ['src/app/compose.ts', 'src/app/startup.ts', 'src/app/main.ts', 'src/app/workers.ts']

/** The only files that use the package `postgres`, whose everyday use loses money. */
const POSTGRES_OWNERS = ['src/adapters/postgres/connection.ts', 'src/adapters/postgres/errors.ts']

/** The schema's runner, and what it demands of a server, stand beside src/, since they run without the service too. */
const SCHEMA = ['db/migrate.ts', 'db/own-session.ts', 'db/startup.ts']

/** What every layer above the ports may know: where a database is, how one of its servers is found, and the time limits on the way of a request. */
const COMMON = ['db/address.ts', 'db/hosts.ts', 'src/timeouts.ts']

/** What the page's import map names. */
const CONSOLE_PACKAGES = ['preact', 'preact/hooks', 'uplot']

/** What the command line runs or asks besides the client, the domain, the ports and what is in db/. */
const USED_BY_CLI = [
  'src/app/main.ts',
  'src/app/config.ts',
  'src/app/unusable-database.ts',
  'src/adapters/embedded-postgres/server.ts',
  'src/adapters/embedded-postgres/upgrade.ts',
  'src/domain/rfc3339.ts',
]

/** Looks for the programs of a package that is named after the machine. */
const COMPUTED_IMPORTS = ['src/adapters/embedded-postgres/programs.ts']

/** What would make the domain depend on when, where or by whom it is run. */
const IMPURE =
  /\b(?:fetch|(?<!new )Date(?!\.UTC)|(?<=new )Date(?=\(\))|performance|Math\.random|crypto|process|globalThis|console|async|await|Promise|setTimeout|setInterval|setImmediate|queueMicrotask|Intl|toLocale\w*)\b/g

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
  db: [['domain', 'timeouts'], 'the schema knows nothing of those who use it'],
  audit: [['db', 'domain', 'timeouts'], 'the auditor asks the database, and uses nothing of the service'],
  cli: [['audit', 'client', 'db', 'domain', 'ports'], 'the command line uses the client, and starts what there is'],
}

function complaintOfFile(path: string, layer: string, target: string): string | undefined {
  const other = layerOf(target)
  const [known, reason] = KNOWN[layer.startsWith('adapters/') ? 'adapters' : layer] ?? []
  if (known === undefined) return 'this folder belongs to no layer'
  if (other === layer || known.includes(other)) return undefined
  if (COMMON.includes(target) && (layer === 'app' || layer.startsWith('adapters/'))) return undefined
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
    return 'only a connection and the sorting of its failures use this package'
  }
  return undefined
}

function impurities({ path, text }: SourceFile): string[] {
  return [...bareCode(text).matchAll(IMPURE)].map(
    ([name]) => `${path} uses ${name}: the domain is pure and synchronous`,
  )
}

/** Layers of their own, beside those in src/. */
const STANDING_BESIDE = ['audit', 'client', 'cli', 'console', 'db']

/** `domain`, `ports`, `app`, `adapters/<name>`, `timeouts`, a layer beside them, or what else there is. */
export function layerOf(path: string): string {
  const [root, layer, name] = path.split('/')
  if (root !== undefined && STANDING_BESIDE.includes(root)) return root
  if (root !== 'src' || layer === undefined) return path
  return layer === 'adapters' ? `adapters/${name}` : layer.replace(/\.ts$/, '')
}

/** The first circle of imports among files, as paths from a file back to itself; `undefined` if there is none. */
export function circleIn(files: readonly SourceFile[]): readonly string[] | undefined {
  const imports = new Map(files.map((file) => [file.path, importsOf(file).flatMap(({ target }) => target ?? [])]))
  const done = new Set<string>()

  function visit(path: string, way: readonly string[]): readonly string[] | undefined {
    const start = way.indexOf(path)
    if (start >= 0) return [...way.slice(start), path]
    if (done.has(path)) return undefined
    for (const target of imports.get(path) ?? []) {
      const circle = visit(target, [...way, path])
      if (circle !== undefined) return circle
    }
    done.add(path)
    return undefined
  }

  for (const path of imports.keys()) {
    const circle = visit(path, [])
    if (circle !== undefined) return circle
  }
  return undefined
}
