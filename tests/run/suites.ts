import { readdirSync, readFileSync } from 'node:fs'

/*
 * Which tests run when. Sorted by what a test costs: unit, property, contract, http, cli and integration run in one process and
 * need a database at most; process starts programs; fuzz and model take their time.
 */

/** A run of tap: its files share one server. */
export interface Suite {
  /** Compiled files. */
  readonly files: readonly string[]
  /** Files that are small enough to share a process, below dist/tests, by the name of the one that runs them. */
  readonly together: Readonly<Record<string, readonly string[]>>
  readonly flags: readonly string[]
  /** Whether the server must not lose a commit: what is about durability, or measures time, needs that. */
  readonly durable: boolean
}

/** Set where only the memory store stands behind HTTP: the port between them is what keeps stores apart. */
export const QUICK_VARIABLE = 'WALLET_TEST_QUICK'
export const IS_QUICK = process.env[QUICK_VARIABLE] === '1'

/** What `npm test` leaves to `npm run test:all`, though its folder is among the quick ones. */
const SLOW = [
  'contract/postgres-instances',
  'contract/postgres-standby',
  'integration/standby',
  'integration/standby-reads',
].map((name) => `${name}.test.js`)

const NEEDS_DATABASE = /createTestDatabase|OverPostgres|bothStores|testServer/

/** What `npm test` runs: no program is started, and nothing is measured. */
export function quick(): Suite {
  const http = tests('http')
  const small = http.filter((name) => !NEEDS_DATABASE.test(readFileSync(sourceOf(name), 'utf8')))
  const others = [...tests('contract'), ...tests('integration'), ...tests('property')]
  return {
    files: compiled(
      [...others, ...http.filter((name) => !small.includes(name))].filter((name) => !SLOW.includes(name)),
    ),
    together: { ...thirds('http', small), unit: tests('unit'), cli: tests('cli') },
    // More than there are cores: where others use them too, they share what is left of them by process.
    flags: ['--jobs=4'],
    durable: false,
  }
}

/** What `npm run test:all` runs: the same and everything else. What starts programs mostly waits for them: two at a time. */
export function all(): readonly Suite[] {
  const { files, ...others } = quick()
  return [
    { ...others, files: [...files, ...compiled([...SLOW, ...tests('model')])] },
    { files: compiled([...tests('process'), ...tests('fuzz')]), together: {}, flags: ['--jobs=2'], durable: true },
  ]
}

/** What another PostgreSQL can make a difference to, and the image. */
export function onContainers(): Suite {
  const integration = ['append-only', 'audit', 'audit-damage', 'schema'].map((name) => `integration/${name}.test.js`)
  const programs = ['key', 'migrations', 'restart', 'startup'].map((name) => `process/${name}.test.js`)
  // It has embedded servers of its own.
  const contract = tests('contract').filter((name) => name !== 'contract/postgres-standby.test.js')
  const files = compiled([...tests('containers'), ...contract, ...integration, ...programs])
  return { files, together: {}, flags: [], durable: true }
}

/** The files of a folder, as they are in the sources: what was compiled from one that is gone does not count. */
function tests(kind: string): readonly string[] {
  return readdirSync(`tests/${kind}`)
    .filter((file) => file.endsWith('.test.ts'))
    .map((file) => `${kind}/${file.slice(0, -'ts'.length)}js`)
    .sort()
}

function sourceOf(name: string): string {
  return `tests/${name.slice(0, -'js'.length)}ts`
}

function compiled(names: readonly string[]): readonly string[] {
  return names.map((name) => `dist/tests/${name}`)
}

function thirds(name: string, files: readonly string[]): Readonly<Record<string, readonly string[]>> {
  const every = (rest: number) => files.filter((_, index) => index % 3 === rest)
  return { [`${name}-1`]: every(0), [`${name}-2`]: every(1), [`${name}-3`]: every(2) }
}
