import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import pino from 'pino'
import t from 'tap'
import { toURL } from '../../db/address.ts'
import { startService } from '../../src/app/compose.ts'
import { readConfig } from '../../src/app/config.ts'
import { createTestDatabase } from '../support/database/database.ts'

const run = promisify(execFile)

/** As in a terminal; tap would have npm load its modules. */
const NPX = 'npx() { env -u NODE_OPTIONS npx "$@"; }'
/** Nothing is asked of a registry: npx finds the command in this package. */
const OFFLINE = { npm_config_registry: 'http://127.0.0.1:1', npm_config_update_notifier: 'false' }

/** What differs from one walk to the next. */
function withoutChance(text: string): string {
  return text
    .replace(/[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}/g, '<transaction ID>')
    .replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z/g, '<time>')
    .replace(/"instance":"[^"]+"/g, '"instance":"<request>"')
}

t.test('the walks of the README and of docs/lists.md, past.md and cli.md give what they say', async (t) => {
  const pages = await Promise.all(
    ['README.md', 'docs/lists.md', 'docs/past.md', 'docs/cli.md'].map((page) => readFile(page, 'utf8')),
  )
  const lines = [...pages.join('\n').matchAll(/```console\n(.*?)```/gs)].flatMap(([, block = '']) =>
    block.trimEnd().split('\n'),
  )
  const commands = lines.filter((line) => line.startsWith('$ ')).map((line) => line.slice(2))
  const said = lines.filter((line) => !line.startsWith('$ '))
  t.ok(said.length >= 10, 'answers are shown')

  const config = readConfig({ PORT: '0', DATABASE_URL: toURL(await createTestDatabase(t)) })
  const service = await startService(config, { logger: pino({ level: 'silent' }), logRequest: () => {} }, '0.0.0')
  t.teardown(() => service.stop())
  const script = [NPX, 'exec 2>&1', ...commands].join('\n').replaceAll('http://127.0.0.1:8080', service.url)
  const { stdout } = await run('bash', ['-c', script], { env: { ...process.env, ...OFFLINE, WALLET_URL: service.url } })
  t.strictSame(withoutChance(stdout.trimEnd()).split('\n'), withoutChance(said.join('\n')).split('\n'))
})
