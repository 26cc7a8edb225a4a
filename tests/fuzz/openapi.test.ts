import t from 'tap'
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
      counts.set(outcome, (counts.get(outcome) ?? 0) + 1)
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
  await service.checkAndEnd(t)
})
