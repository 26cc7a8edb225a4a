import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { statSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { onCitus } from './citus-suite.ts'
import { SERVER_VARIABLE } from './database.ts'
import { withTestServer } from './test-server.ts'

/*
 * Runs tap with one PostgreSQL server for all files. Arguments go to tap; without any, every test runs, and where
 * TEST_CONTAINERS=1 every one that needs a server, and no embedded one; where TEST_CITUS=1 those of citus-suite.ts.
 */

const require = createRequire(import.meta.url)
const TAP = require.resolve('tap').replace(/dist\/.*/, 'dist/esm/run.mjs')
/** As old as the last time that tap was assembled. */
const TAP_IS_BUILT = '.tap/assembled'
const ALL = ['unit', 'property', 'contract', 'http', 'integration', 'fuzz', 'model'].map(
  (kind) => `dist/tests/${kind}/**/*.test.js`,
)
/** The image, and what another PostgreSQL can make a difference to. */
const ON_CONTAINERS = [
  'dist/tests/containers/**/*.test.js',
  'dist/tests/contract/**/*.test.js',
  'dist/tests/integration/{append-only,audit,audit-damage,key,migrations,restart,schema,startup}.test.js',
]

/** tap assembles itself on its first run after an install, and a test that starts meanwhile fails. */
function buildTap(): void {
  const installed = statSync('node_modules/.package-lock.json').mtimeMs
  if ((statSync(TAP_IS_BUILT, { throwIfNoEntry: false })?.mtimeMs ?? 0) > installed) return
  say('preparing tap, once after an install (10 s)')
  const { status, stderr } = spawnSync(process.execPath, [TAP, 'build'], { encoding: 'utf8' })
  if (status !== 0) throw new Error(`tap could not be prepared: ${stderr}`)
  writeFileSync(TAP_IS_BUILT, '')
}

function say(line: string): void {
  process.stderr.write(`tests: ${line}\n`)
}

async function main(): Promise<number> {
  buildTap()
  return withTestServer(say, async (server) => {
    const all =
      process.env.TEST_CITUS === '1' ? onCitus(say) : process.env.TEST_CONTAINERS === '1' ? ON_CONTAINERS : ALL
    const given = process.argv.slice(2)
    const files = given.some((argument) => !argument.startsWith('-')) ? given : [...given, ...all]
    const tap = spawn(process.execPath, [TAP, ...files], {
      stdio: 'inherit',
      env: { ...process.env, [SERVER_VARIABLE]: JSON.stringify(server) },
    })
    const [code] = await once(tap, 'exit')
    return code ?? 1
  })
}

try {
  process.exitCode = await main()
} catch (error) {
  say(error instanceof Error ? error.message : String(error))
  process.exitCode = 1
}
