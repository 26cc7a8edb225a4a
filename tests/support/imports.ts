import { readdirSync, readFileSync } from 'node:fs'
import { posix } from 'node:path'

/** A module that a file names. */
export interface Import {
  /** As it is written: `./money.ts`, `node:net`, `postgres`; `?` where it is computed. */
  readonly specifier: string
  /** For a relative one the file, from the repository's root. */
  readonly target: string | undefined
  /** Gone after compilation. */
  readonly typeOnly: boolean
}

export interface SourceFile {
  /** From the repository's root, with slashes. */
  readonly path: string
  readonly text: string
}

const STATEMENT = /(?:^|[;}\s])(?:import|export)\s+(type\s+)?(?:[\w$*{}\s,]+?\s+from\s+)?(['"])([^'"]+)\2/g
const CALL = /\b(?:import|require|import\.meta\.resolve)\s*\(\s*(?:(['"])([^'"]+)\1\s*\))?/g

/** Every TypeScript file below a folder. */
export function readSources(folder: string): SourceFile[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.tsx?$/.test(name))
    .map((name) => posix.join(folder, name.replaceAll('\\', '/')))
    .sort()
    .map((path) => ({ path, text: readFileSync(path, 'utf8') }))
}

/** Every module that a file imports, exports from, or loads while it runs. */
export function importsOf({ path, text }: SourceFile): Import[] {
  const code = withoutComments(text)
  const found: Import[] = []
  function add(specifier: string, typeOnly: boolean): void {
    const target = specifier.startsWith('.') ? posix.join(posix.dirname(path), specifier) : undefined
    found.push({ specifier, target, typeOnly })
  }
  for (const [, type, , specifier = '?'] of code.matchAll(STATEMENT)) add(specifier, type !== undefined)
  for (const [, , specifier = '?'] of code.matchAll(CALL)) add(specifier, false)
  return found
}

/** What is left is code; strings stay as they are. */
export function withoutComments(text: string): string {
  return text.replace(
    /("(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')|\/\*[\s\S]*?\*\/|\/\/.*$/gm,
    (_, string) => string ?? ' ',
  )
}

/** Code with its comments and quoted strings taken out: what is left runs. */
export function bareCode(text: string): string {
  return withoutComments(text).replace(/"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'/g, "''")
}
