import t from 'tap'
import type { Answer } from '../support/http/http.ts'
import { connectRaw, type RawClient } from '../support/http/raw-client.ts'
import { type Case, KINDS } from './cases.ts'
import { complaintOf, movementsIn } from './examine.ts'
import { shown, toBytes } from './message.ts'
import { runCases } from './run-cases.ts'
import { CASES, setUpFuzz } from './set-up.ts'

const CONNECTIONS = 4
/** Requests that go out at once on one connection. */
const PIPELINED = 40

t.test('whatever is made from the OpenAPI document is answered as the contract says', async (t) => {
  const { service, judge, cases } = await setUpFuzz(t)
  const counts = new Map<string, number>()
  let sent = 0

  async function examine(some: readonly Case[], connection: RawClient): Promise<void> {
    connection.write(Buffer.concat(some.map(({ message }) => toBytes(message))))
    for (const { kind, message } of some) {
      const answer = await connection.answer(message)
      const complaint = complaintOf(message, judge(message), answer)
      if (complaint !== undefined)
        throw new Error(`${complaint}: ${answer.text.slice(0, 500)} to ${shown(message)} (${kind})`)
      if (message.method === 'PUT') for (const movement of movementsIn(answer)) service.acknowledged(movement)
      const outcome = `${kind}: ${answer.status < 300 ? 'accepted' : 'turned down'}`
      for (const what of [outcome, ...notable(answer)]) counts.set(what, (counts.get(what) ?? 0) + 1)
      sent += 1
    }
  }

  const connections = await Promise.all(Array.from({ length: CONNECTIONS }, () => connectRaw(t, service.port)))
  await runCases(t, cases, { count: CASES.fromDocument, together: CONNECTIONS * PIPELINED }, async (all) => {
    await Promise.all(
      connections.map((connection, index) =>
        examine(all.slice(index * PIPELINED, (index + 1) * PIPELINED), connection),
      ),
    )
    await service.watchMemory(sent / CASES.fromDocument)
  })
  for (const connection of connections) connection.end()
  t.equal(sent, CASES.fromDocument, 'every case was sent and answered')
  t.ok(CASES.fromDocument + CASES.onSockets >= 50_000)
  for (const kind of KINDS) {
    const [accepted = 0, turnedDown = 0] = ['accepted', 'turned down'].map((how) => counts.get(`${kind}: ${how}`))
    t.ok(turnedDown > 0 && accepted > 0, `${kind}: ${accepted} accepted, ${turnedDown} turned down`)
  }
  for (const what of MUST_BE_SEEN) t.ok((counts.get(what) ?? 0) > 0, `${what}: ${counts.get(what) ?? 0} times`)
  await service.checkAndEnd(t)
})

const MUST_BE_SEEN = [
  ...['304', '412', 'WALLET_FROZEN', 'WALLET_NOT_EMPTY', 'frozen', 'closed', 'reference', 'metadata'],
  ...['a list executed in part', 'a list executed whole', 'a list not executed', 'NOT_EXECUTED in a list'],
]

/** What happened that these cases are there for. */
function notable({ status, body }: Answer): string[] {
  const { results, code, state, reference, metadata } = body
  const seen = [String(status), String(code ?? ''), String(state ?? '')]
  if (reference !== undefined) seen.push('reference')
  if (metadata !== undefined) seen.push('metadata')
  if (!Array.isArray(results)) return seen
  const executed = results.filter((result) => result.status === 200).length
  const how = executed === results.length ? 'executed whole' : executed > 0 ? 'executed in part' : 'not executed'
  return [...seen, `a list ${how}`, ...results.map(({ problem }) => `${problem?.code} in a list`)]
}
