import { spawn } from 'node:child_process'
import { once } from 'node:events'
import t from 'tap'
import { startLongHistory } from '../support/database/long-history.ts'

async function pipeline(command: string, env: Readonly<Record<string, string>>) {
  const script = `set -o pipefail; wallet() { env -u NODE_OPTIONS node dist/cli/wallet.js "$@"; }; ${command}`
  const child = spawn('bash', ['-c', script], { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] })
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  const [code] = await once(child, 'close')
  return { code, stdout, stderr }
}

t.test('a history without end is shown from the first page on, and ends quietly when no one reads on', async (t) => {
  for (const [format, line] of [
    ['table', /^ +ID {2}TIME .+\n$/],
    ['csv', /^id,transactionID,.+\n$/],
    ['json', /^\[\n$/],
  ] as const) {
    const { asked, env } = await startLongHistory(t)
    const { code, stdout, stderr } = await pipeline(`wallet history ann --all --format ${format} | head -1`, env)
    t.same([code, stderr], [0, ''], format)
    t.match(stdout, line)
    t.ok(asked.length < 10, `${asked.length} pages were asked for`)
  }
  const { env } = await startLongHistory(t)
  t.same(await pipeline('wallet history ann --all 2>&1 | head -0', env), { code: 0, stdout: '', stderr: '' })
  t.match(await pipeline('wallet --help | head -1', {}), { code: 0, stdout: 'Usage: wallet', stderr: '' })
})

t.test('an output that cannot be written is told, with 1', async (t) => {
  const { env } = await startLongHistory(t)
  const { code, stderr } = await pipeline('wallet history ann --all > /dev/full', env)
  t.equal(code, 1)
  t.match(stderr, /^wallet: it was done, but the output could not be written: ENOSPC[^\n]+\n$/)
})
