import { spawnSync } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { stringify } from 'yaml'
import { toURL } from '../../db/address.ts'
import { createTestDatabase } from '../support/database/database.ts'
import { readFigures } from '../support/http/figures.ts'
import { createClient } from '../support/process/service-client.ts'
import { startServiceProcess } from '../support/process/service-process.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const MISSING =
  'promtool is missing. Install Prometheus: apt-get install prometheus, or https://prometheus.io/download/'

/** As far as the test looks. */
interface Dashboard {
  readonly panels: readonly { readonly targets?: readonly { readonly expr: string }[] }[]
}

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

t.test('every query of the dashboard is one that Prometheus takes', async (t) => {
  const { panels }: Dashboard = JSON.parse(await readFile('deploy/grafana-dashboard.json', 'utf8'))
  const queries = panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr))
  t.ok(queries.length > 20, `${queries.length} queries`)
  const rules = queries.map((query, index) => ({
    record: `query_${index}`,
    // What Grafana puts in.
    expr: query.replaceAll('$__rate_interval', '1m').replaceAll('$job', 'wallet').replaceAll('$instance', '.*'),
  }))
  t.notMatch(JSON.stringify(rules), '$', 'no other variable is left')
  const file = join(await temporaryFolder(t), 'rules.yaml')
  await writeFile(file, stringify({ groups: [{ name: 'dashboard', rules }] }))
  const { status, output } = promtool(['check', 'rules', file])
  t.equal(status, 0, output)
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
