import { bareCode, type Import, importsOf, type SourceFile } from './imports.ts'

/*
 * The rules of the hexagon, as sentences that come out where one is broken. Imports run one way:
 * domain <- ports <- { app, adapters }.
 */

/** The only files of the app that know the adapters. */
const COMPOSERS = ['src/app/compose.ts', 'src/app/main.ts']

/** The only files that use the package `postgres`, whose everyday use loses money. */
const POSTGRES_OWNERS = ['src/adapters/postgres/lane.ts', 'src/adapters/postgres/failures.ts']

/** The schema's runner, and what it demands of a server, stand beside src/, since they run without the service too. */
const SCHEMA = ['db/migrate.ts', 'db/own-session.ts']

/** Looks for the programs of a package that is named after the machine. */
const COMPUTED_IMPORTS = ['src/adapters/embedded-postgres/binaries.ts']

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

function complaintOfFile(path: string, layer: string, target: string): string | undefined {
  const other = layerOf(target)
  switch (layer) {
    case 'domain':
      return other === 'domain' ? undefined : 'the domain knows only itself'
    case 'ports':
      return other === 'domain' || other === 'ports' ? undefined : 'ports know only the domain'
    case 'app':
      if (['domain', 'ports', 'app'].includes(other) || SCHEMA.includes(target)) return undefined
      return other.startsWith('adapters/') && COMPOSERS.includes(path)
        ? undefined
        : 'only the composing files of the app know the adapters'
    case 'client':
      return other === 'client' ? undefined : 'the client stands alone'
    default:
      if (layer.startsWith('adapters/'))
        return ['domain', 'ports', layer].includes(other)
          ? undefined
          : 'an adapter knows the domain, the ports and its own folder'
      return 'this folder belongs to no layer'
  }
}

function complaintOfPackage(path: string, layer: string, specifier: string, typeOnly: boolean): string | undefined {
  if (layer === 'domain' || layer === 'ports') return `${layer} import no package and nothing of Node.js`
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

/** `domain`, `ports`, `app`, `adapters/<name>`, `client`, or what else there is. */
export function layerOf(path: string): string {
  const [root, layer, name] = path.split('/')
  if (root === 'client') return 'client'
  if (root !== 'src' || layer === undefined) return path
  return layer === 'adapters' ? `adapters/${name}` : layer
}
