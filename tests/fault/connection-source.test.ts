import { readFileSync } from 'node:fs'
import t from 'tap'
import { bareCode, importsOf, readSources, type SourceFile, withoutComments } from '../support/imports.ts'

/*
 * What of the rules is to be read from the source: how the package `postgres` is held.
 */

const VERSION = '3.4.9'
const CONNECTION = 'src/adapters/postgres/connection.ts'
/** Tells the package's errors from others, and calls nothing. */
const FAILURES = 'src/adapters/postgres/errors.ts'

const FORBIDDEN: Readonly<Record<string, RegExp>> = {
  'a member of the client other than its end and `unsafe`': /\bsql\s*\??\.\s*(?!(?:unsafe|end)\b)\w+/g,
  'a cancelled, streamed or listening query':
    /\.\s*(?:reserve|cancel|listen|subscribe|cursor|readable|writable|forEach|describe|simple|savepoint)\s*\(/g,
  COPY: /\bCOPY\b/gi,
  'the option `ssl`': /\bssl\s*:/g,
  'the option `pass` or `target_session_attrs`': /\b(?:pass|target_session_attrs)\s*:/g,
}

function offences({ path, text }: SourceFile): string[] {
  const code = bareCode(text)
  return Object.entries(FORBIDDEN).flatMap(([what, pattern]) =>
    [...code.matchAll(pattern)].map(([found]) => `${path}: ${found} (${what})`),
  )
}

const adapter = readSources('src/adapters/postgres')

t.test('1. one place owns the package: only the connection imports it, and what sorts its errors', async (t) => {
  const users = readSources('src')
    .concat(readSources('db'))
    .concat(readSources('audit'))
    .filter((file) => importsOf(file).some(({ specifier, typeOnly }) => specifier === 'postgres' && !typeOnly))
  t.same(
    users.map(({ path }) => path),
    [CONNECTION, FAILURES],
  )
  const calls = adapter.flatMap(({ path, text }) => [...bareCode(text).matchAll(/\bpostgres\s*\(/g)].map(() => path))
  t.same(calls, [CONNECTION], 'and one call of it')
})

t.test(`1. the package is pinned to exactly ${VERSION}`, async (t) => {
  const { dependencies } = JSON.parse(readFileSync('package.json', 'utf8'))
  const { packages } = JSON.parse(readFileSync('package-lock.json', 'utf8'))
  const installed = JSON.parse(readFileSync('node_modules/postgres/package.json', 'utf8'))
  t.same(
    [dependencies.postgres, packages['node_modules/postgres'].version, installed.version],
    [VERSION, VERSION, VERSION],
  )
})

t.test('1. never begin, reserve, cancel, listen, cursors, COPY, several hosts or ssl', async (t) => {
  t.same(adapter.flatMap(offences), [])
  const unsafe = adapter.flatMap(({ path, text }) =>
    [...withoutComments(text).matchAll(/sql\.unsafe.*/g)].map(([call]) => [path, call]),
  )
  t.same(
    unsafe,
    [['src/adapters/postgres/statements.ts', 'sql.unsafe<[]>(COMMIT)']],
    'text goes as it stands in one case',
  )
})

/** What someone might write, each of which must be found. */
const WRONG = [
  'await sql.begin(async (sql) => {})',
  'const reserved = await sql.reserve()',
  "sql.listen('channel', () => {})",
  'await sql.file(path)',
  'query.cancel()',
  'sql`SELECT 1`.cursor(10, work)',
  'await sql`SELECT 1`.forEach(work)',
  'const stream = await sql`COPY user_wallet TO STDOUT`.readable()',
  "postgres({ ssl: 'require' })",
  'postgres({ pass: async () => secret })',
]

t.test('the rules find it when someone does', async (t) => {
  for (const text of WRONG) t.ok(offences({ path: 'some.ts', text }).length > 0, text)
})
