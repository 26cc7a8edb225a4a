import { execFile } from 'node:child_process'
import { readFile, rm, writeFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import t from 'tap'
import { toURL } from '../../db/address.ts'
import { createTestDatabase } from '../support/database/database.ts'
import { startServiceProcess } from '../support/process/service-process.ts'

const run = promisify(execFile)

/** Inside the package, whose name it imports. */
const FILE = 'dist/tests/process/readme-client-example.mjs'

t.test("the README's example of the client does what it says", async (t) => {
  const [, example] = /```js\n(.*?)```/s.exec(await readFile('README.md', 'utf8')) ?? []
  if (example === undefined) throw new Error('the README has no example')
  const service = await startServiceProcess(t, { env: { DATABASE_URL: toURL(await createTestDatabase(t)) } })
  await writeFile(FILE, example.replace('http://127.0.0.1:8080', service.url))
  t.teardown(() => rm(FILE))
  const { stdout } = await run(process.execPath, [FILE])
  t.strictSame(stdout.trimEnd().split('\n'), [
    'carl has 3750000n',
    'dora 1 3 1250000n',
    'The balance was less than the amount.',
  ])
})
