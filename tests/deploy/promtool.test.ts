import { spawnSync } from 'node:child_process'
import t from 'tap'
import { toURL } from '../../db/address.ts'
import { createTestDatabase } from '../support/database/database.ts'
import { readFigures } from '../support/http/figures.ts'
import { createClient } from '../support/process/service-client.ts'
import { startServiceProcess } from '../support/process/service-process.ts'

const MISSING =
  'promtool is missing. Install Prometheus: apt-get install prometheus, or https://prometheus.io/download/'

function promtool(parameters: readonly string[], input = ''): { status: number | null; output: string } {
  const { status, stdout, stderr, error } = spawnSync('promtool', [...parameters], { input, encoding: 'utf8' })
  if (error !== undefined) throw new Error('code' in error && error.code === 'ENOENT' ? MISSING : error.message)
  return { status, output: stdout + stderr }
}

t.test('the alert rules are ones that Prometheus takes', async (t) => {
  const { status, output } = promtool(['check', 'rules', 'deploy/alerts.yaml'])
  t.equal(status, 0, output)
  t.match(output, /SUCCESS: \d+ rules found/)
})

t.test('each alert goes off when it must, and is silent just before', async (t) => {
  const { status, output } = promtool(['test', 'rules', 'deploy/alerts.test.yaml'])
  t.equal(status, 0, output)
})

t.test('the figures of a running service are named and written as Prometheus wants them', async (t) => {
  const service = await startServiceProcess(t, { env: { DATABASE_URL: toURL(await createTestDatabase(t)) } })
  const client = createClient(service.url)
  await client.open('ann')
  await client.deposit('ann', 1, await client.issue('ann'))
  await client.history('ann')
  const { text } = await readFigures(service.url)
  t.match(text, 'wallet_database_step_duration_seconds_bucket')
  const { status, output } = promtool(['check', 'metrics'], text)
  t.equal(output, '')
  t.equal(status, 0)
})
