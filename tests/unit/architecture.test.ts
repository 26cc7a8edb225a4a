import t from 'tap'
import { importsOf, readSources } from '../support/imports.ts'
import { circleIn, layerOf, violations } from './architecture-rules.ts'

const sources = readSources('src')

t.test('every file of the service stands in a layer, and every layer has files', async (t) => {
  const layers = [...new Set(sources.map(({ path }) => layerOf(path).replace(/\/.*/, '')))]
  t.strictSame(layers.sort(), ['adapters', 'app', 'domain', 'ports', 'timeouts'])
})

t.test('imports run one way: from the app and the adapters over the ports to the domain', async (t) => {
  t.ok(sources.flatMap(importsOf).length > 100, 'the imports were found')
  t.strictSame(sources.flatMap(violations), [])
})

t.test('the client imports nothing but itself', async (t) => {
  const client = readSources('client')
  t.ok(client.length >= 4, 'its files were found')
  t.strictSame(client.flatMap(violations), [])
})

t.test('the console imports its libraries, the client and itself', async (t) => {
  const console = readSources('console')
  t.ok(console.length >= 10, 'its files were found')
  t.strictSame(console.flatMap(violations), [])
})

t.test(
  'the command line imports the client and what it runs, and what stands beside src/ imports one way too',
  async (t) => {
    const cli = readSources('cli')
    t.ok(cli.length >= 10, 'its files were found')
    t.strictSame([...cli, ...readSources('audit'), ...readSources('db')].flatMap(violations), [])
  },
)

t.test('no file imports itself by way of others', async (t) => {
  const all = ['src', 'audit', 'cli', 'client', 'console', 'db'].flatMap(readSources)
  t.strictSame(circleIn(all), undefined)
  const circle = [
    { path: 'src/app/a.ts', text: "import type { B } from './b.ts'" },
    { path: 'src/app/b.ts', text: "import { c } from './c.ts'" },
    { path: 'src/app/c.ts', text: "import type { A } from './a.ts'" },
  ]
  t.strictSame(circleIn(circle), ['src/app/a.ts', 'src/app/b.ts', 'src/app/c.ts', 'src/app/a.ts'])
})

t.test('every import that the compiler keeps is one that the rules have seen', async (t) => {
  for (const file of sources) {
    const lines = file.text.split('\n').filter((line) => / from '[^']+'$/.test(line) && !/^\s*(\/\/|\*)/.test(line))
    t.ok(importsOf(file).length >= lines.length, `${file.path}: ${lines.length}`)
  }
})

/** What someone might write, and the file it must not stand in. */
const WRONG = [
  ['src/domain/decide.ts', "import { readFile } from 'node:fs'"],
  ['src/domain/decide.ts', "import fastify from 'fastify'"],
  ['src/domain/decide.ts', "import type { Clock } from '../ports/wallet-store.ts'"],
  ['src/domain/decide.ts', "export { readConfig } from '../app/config.ts'"],
  ['src/domain/decide.ts', "export * from '../ports/wallet-store.ts'"],
  ['src/domain/decide.ts', "import '../app/main.ts'"],
  ['src/domain/decide.ts', 'const now = Date.now()'],
  ['src/domain/decide.ts', 'const now = new Date()'],
  ['src/domain/decide.ts', 'const luck = Math.random()'],
  ['src/domain/decide.ts', 'const limit = process.env.LIMIT'],
  ['src/domain/decide.ts', "const rate = fetch('http://rates')"],
  ['src/domain/decide.ts', 'export async function decide() {}'],
  ['src/ports/wallet-store.ts', "import { setTimeout } from 'node:timers'"],
  ['src/ports/wallet-store.ts', "import type { Config } from '../app/config.ts'"],
  ['src/ports/wallet-store.ts', "import type { Connection } from '../adapters/postgres/connection.ts'"],
  ['src/app/batcher.ts', "import { createMemoryWalletStore } from '../adapters/memory/wallet-store.ts'"],
  [
    'src/app/batcher.ts',
    "import {\n  type Connection,\n  openConnection,\n} from '../adapters/postgres/connection.ts'",
  ],
  ['src/app/batcher.ts', "const connection = await import('../adapters/postgres/connection.ts')"],
  ['src/app/batcher.ts', 'const connection = await import(name)'],
  ['src/app/compose.ts', "import { seeded } from '../support/random/random-seed.ts'"],
  ['src/app/compose.ts', "import postgres from 'postgres'"],
  ['src/adapters/fastify/server.ts', "import { openConnection } from '../postgres/connection.ts'"],
  ['src/adapters/fastify/server.ts', "import { readConfig } from '../../app/config.ts'"],
  ['src/adapters/fastify/routes/wallet.ts', "import type { Connection } from '../../postgres/connection.ts'"],
  ['src/adapters/fastify/server.ts', "import { migrate } from '../../../db/migrate.ts'"],
  ['src/adapters/postgres/batch.ts', "import postgres from 'postgres'"],
  ['src/adapters/postgres/batch.ts', "import { type Sql, PostgresError } from 'postgres'"],
  ['src/adapters/postgres/batch.ts', "const postgres = require('postgres')"],
  ['src/app/compose.ts', "import { createWalletClient } from '../../client/client.ts'"],
  ['client/client.ts', "import type { Wallet } from '../src/domain/wallet.ts'"],
  ['client/exchange.ts', "import { setTimeout } from 'node:timers/promises'"],
  ['client/exchange.ts', "import { fetch } from 'undici'"],
  ['console/money.ts', "import { dollars } from '../src/domain/money.ts'"],
  ['console/chart.tsx', "import { init } from 'echarts'"],
  ['src/adapters/fastify/server.ts', "import { dollars } from '../../../console/money.ts'"],
  ['src/app/compose.ts', "import { createProgram } from '../../cli/program.ts'"],
  ['client/client.ts', "import { EXIT } from '../cli/errors.ts'"],
  ['db/migrate.ts', "import { say } from '../cli/output.ts'"],
  ['db/migrate.ts', "import { readConfig } from '../src/app/config.ts'"],
  ['cli/history-command.ts', "import { openConnection } from '../src/adapters/postgres/connection.ts'"],
  ['cli/history-command.ts', "import { createWalletService } from '../src/app/wallet-service.ts'"],
  ['cli/history-command.ts', "import { toURL } from '../tests/support/database/database.ts'"],
  ['src/helpers/text.ts', "import { toAmount } from '../domain/money.ts'"],
] as const

for (const [path, statement] of WRONG) {
  t.test(`the rules find it when ${path} says: ${statement.replaceAll('\n', ' ')}`, async (t) => {
    const found = violations({ path, text: `import type { A } from './a.ts'\n${statement}\n` })
    t.equal(found.filter((each) => !each.includes('./a.ts')).length, 1, found.join('; '))
    t.match(found[0], new RegExp(`^${path} (imports|uses) `))
  })
}

/** What looks like the above and is fine. */
const RIGHT = [
  ['src/domain/decide.ts', "import { after } from './instant.ts'"],
  ['src/domain/decide.ts', "// import fastify from 'fastify'"],
  ['src/domain/decide.ts', "/** Date.now() is not for here; import x from '../app/main.ts' neither. */"],
  ['src/domain/decide.ts', "const text = 'process the Date async'"],
  ['src/domain/decide.ts', 'const lastUpdate = updatedAt'],
  ['src/ports/wallet-store.ts', "import type { Instant } from '../domain/instant.ts'"],
  ['src/app/compose.ts', "import { openConnection } from '../adapters/postgres/connection.ts'"],
  ['src/app/batcher.ts', "import { createHash } from 'node:crypto'"],
  ['src/adapters/postgres/batch.ts', "import type { Sql } from 'postgres'"],
  ['src/adapters/postgres/connection.ts', "import postgres from 'postgres'"],
  ['src/adapters/fastify/routes/wallet.ts', "import { sendProblem } from '../problem.ts'"],
  ['cli/history-command.ts', "import { createWalletClient } from '../client/client.ts'"],
  ['cli/service-commands.ts', "await import('../src/app/main.ts')"],
] as const

t.test('the rules find nothing if there is nothing', async (t) => {
  for (const [path, statement] of RIGHT) t.strictSame(violations({ path, text: statement }), [], statement)
})
