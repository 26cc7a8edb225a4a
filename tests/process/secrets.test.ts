import { randomBytes } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import t from 'tap'
import { toURL } from '../../db/address.ts'
import { administer, createRole, createTestDatabase } from '../support/database/database.ts'
import { overSocket } from '../support/http/http.ts'
import { createClient } from '../support/process/service-client.ts'
import { startServiceProcess } from '../support/process/service-process.ts'
import { workersOf } from '../support/process/worker-processes.ts'

/** What every user of the machine may read of every process, as `ps` shows it. Linux only. */
async function processTitles(): Promise<ReadonlyMap<number, string>> {
  const titles = new Map<number, string>()
  for (const pid of (await readdir('/proc')).map(Number).filter((number) => number > 0)) {
    const files = ['cmdline', 'comm', 'status'].map((file) => readFile(`/proc/${pid}/${file}`, 'utf8').catch(() => ''))
    titles.set(pid, (await Promise.all(files)).join('\n'))
  }
  return titles
}

t.test(
  'no secret is in what the service logs, answers, measures, tells the database, or shows in the list of processes',
  async (t) => {
    const role = await createRole(t, 'LOGIN')
    const database = await createTestDatabase(t)
    await administer(database, `GRANT ALL ON ALL TABLES IN SCHEMA public TO ${role.user}`)
    const key = randomBytes(32)
    const secrets = [role.password, key.toString('base64'), key.toString('hex')]
    const isShown = (text: string) => secrets.some((secret) => text.includes(secret))
    const env = {
      ...{ DATABASE_URL: toURL({ ...database, ...role }), TRANSACTION_ID_KEY: key.toString('base64') },
      ...{ WORKERS: '2', LOG_LEVEL: 'trace' },
    }
    const service = await startServiceProcess(t, { env })
    const client = createClient(service.url)
    await client.open('ada')
    t.equal((await client.deposit('ada', 5, await client.issue('ada'))).status, 200)
    const send = overSocket(Number(new URL(service.url).port))
    for (const path of [
      '/metrics',
      '/readyz',
      '/openapi.json',
      '/console/data/figures',
      '/console/data/newest',
      '/x',
    ]) {
      const { text, headers } = await send({ method: 'GET', path })
      t.not(text, '')
      t.notOk(isShown(text + JSON.stringify(headers)), path)
    }

    const titles = await processTitles()
    for (const pid of [service.pid, ...(await workersOf(service.pid))]) t.match(titles.get(pid), /node/)
    const shown = [...titles].filter(([, text]) => isShown(text))
    t.same(shown, [])
    const sessions = await administer(database, `SELECT * FROM pg_stat_activity WHERE usename = '${role.user}'`)
    t.ok(sessions.length > 0)
    t.notOk(isShown(JSON.stringify(sessions)))

    const { code, stdout, stderr } = await service.end('SIGTERM')
    t.equal(code, 0)
    t.notOk(isShown(stdout + stderr))
  },
)
