import t, { type Test } from 'tap'
import { connectRaw, rawRequest } from '../support/http/raw-client.ts'
import { play } from './connection.ts'
import { movementsIn } from './examine.ts'
import { runCases } from './run-cases.ts'
import { SCRIPT_KINDS, type Script, scriptsOf } from './scripts.ts'
import { CASES, setUpFuzz } from './set-up.ts'
import { DEPOSITOR } from './texts.ts'

const TOGETHER = 16

const SLOW_CONNECTIONS = 100
const BYTE_MS = 300
/** Ten seconds for a request, one until that is looked at, and the rest for a busy machine. */
const SLOW_LIMIT_MS = 16_000
const LIVE_LIMIT_MS = 100
const ASKED = 21

const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g

t.test('whatever comes over a socket is answered in order or cut off, and nothing else is done', async (t) => {
  const { service, ids, judge, cases } = await setUpFuzz(t)
  const counts = new Map<string, number>()
  const unanswered = new Set<string>()

  async function examine(script: Script): Promise<void> {
    const client = await connectRaw(t, service.port)
    const { answers, complaint, unanswered: bytes } = await play(script, client, judge)
    if (complaint !== undefined) {
      const rest = JSON.stringify(script.rest.toString('latin1').slice(0, 1500))
      throw new Error(`${complaint}; ${script.messages.length} requests, then ${script.kind}: ${rest}`)
    }
    for (const movement of answers.flatMap(movementsIn)) service.acknowledged(movement)
    for (const id of transactionIDsIn(bytes)) unanswered.add(id)
    counts.set(script.kind, (counts.get(script.kind) ?? 0) + 1)
  }

  let sent = 0
  const slow = slowConnections(t, service.port, ids.fresh(DEPOSITOR))
  t.ok((await medianOfLivez(t, service.port)) < LIVE_LIMIT_MS, `/livez takes less than ${LIVE_LIMIT_MS} ms meanwhile`)
  await runCases(t, scriptsOf(cases, ids), { count: CASES.onSockets, together: TOGETHER }, async (scripts) => {
    await Promise.all(scripts.map(examine))
    sent += scripts.length
    await service.watchMemory(sent / CASES.onSockets)
  })
  t.equal(sent, CASES.onSockets, 'every case was played to its end')
  for (const kind of SCRIPT_KINDS) t.ok((counts.get(kind) ?? 0) > 0, `${kind}: ${counts.get(kind)}`)

  const ended = await slow
  t.ok(Math.max(...ended.map(({ ms }) => ms)) < SLOW_LIMIT_MS, 'every slow connection was cut in time')
  const answered = ended.filter(({ text }) => text.includes('did not arrive in time'))
  t.equal(answered.length, ended.length, 'and was told why')
  await service.checkAndEnd(t, unanswered)
})

/** Escaped ones too. */
function transactionIDsIn(bytes: Buffer): string[] {
  const text = bytes
    .toString('latin1')
    .replaceAll(/\\u00(..)/g, (_all, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
  return text.match(UUID) ?? []
}

/** Requests of which a byte comes now and then: their heads, their bodies, chunks of their bodies, or nothing at all. */
async function slowConnections(t: Test, port: number, transactionID: string) {
  const deposit = rawRequest('PUT', `/api/v1/users/${DEPOSITOR}/wallet/deposit`, { amount: 1, transactionID })
  const body = deposit.indexOf('{')
  const chunked = deposit.slice(0, body).replace(/content-length: \d+/, 'transfer-encoding: chunked')
  const starts = [
    '',
    deposit.slice(0, 5),
    deposit.slice(0, body),
    `${chunked}ffff\r\n`,
    rawRequest('GET', '/x').slice(0, -2),
  ]
  return Promise.all(
    Array.from({ length: SLOW_CONNECTIONS }, async (_, index) => {
      const client = await connectRaw(t, port, SLOW_LIMIT_MS)
      const start = performance.now()
      const begun = starts[index % starts.length] ?? ''
      client.write(begun)
      const bytes = setInterval(() => client.write(begun === '' ? '' : 'x'), BYTE_MS)
      const text = await client.closed()
      clearInterval(bytes)
      return { ms: performance.now() - start, text }
    }),
  )
}

async function medianOfLivez(t: Test, port: number): Promise<number> {
  const times: number[] = []
  while (times.length < ASKED) {
    const client = await connectRaw(t, port)
    const start = performance.now()
    client.write(rawRequest('GET', '/livez'))
    await client.answer()
    times.push(performance.now() - start)
    client.end()
  }
  return times.sort((a, b) => a - b)[Math.floor(ASKED / 2)] ?? Number.NaN
}
