import { setTimeout as delay, setImmediate } from 'node:timers/promises'
import type { Answer } from '../support/http/http.ts'
import type { RawClient } from '../support/http/raw-client.ts'
import { complaintOf } from './examine.ts'
import type { Verdict } from './judge.ts'
import { type Message, shown, toBytes } from './message.ts'
import type { Script } from './scripts.ts'

/** For so long nothing came back: the client says that it has nothing more to send. */
const IDLE_MS = 50

export interface Played {
  /** All that was answered, in the order in which it came. */
  readonly answers: readonly Answer[]
  /** What is wrong with that; `undefined` if nothing is. */
  readonly complaint: string | undefined
  /** The bytes of those whole requests that were sent and of which no one knows what came. */
  readonly unanswered: Buffer
}

/** Does on a connection what the script says, and reads what comes back until the server has closed it. */
export async function play(
  { messages, rest, ending, atOnce, cuts, smuggled }: Script,
  client: RawClient,
  judge: (message: Message) => Verdict,
): Promise<Played> {
  const answers: Answer[] = []
  const wait = ending === 'nothing' || ending === 'valid' || !atOnce
  const whole = Buffer.concat(messages.map(toBytes))
  await writeInPieces(client, atOnce ? Buffer.concat([whole, rest]) : whole, cuts)
  if (wait) for (const message of messages) answers.push(await client.answer(message))
  if (!atOnce) await writeInPieces(client, rest, cuts)
  if (ending === 'valid') answers.push(await client.answer())
  if (ending === 'reset') {
    await setImmediate()
    client.reset()
  } else if (ending !== 'broken' && ending !== 'anything') client.end()
  const left = await readToEnd(client, messages.slice(answers.length), answers)

  const own = answers.slice(0, messages.length)
  const complaints = own.map((answer, index) => {
    const message = messages[index]
    const wrong = message && complaintOf(message, judge(message), answer)
    return wrong && `${wrong}: ${answer.text.slice(0, 500)} to ${shown(message)}`
  })
  const complaint =
    complaints.find((each) => each !== undefined) ??
    complaintOfRest(answers.slice(messages.length), ending) ??
    (left === '' ? undefined : `it ends with ${JSON.stringify(left)}`) ??
    (smuggled !== undefined && answers.some(({ text }) => text.includes(smuggled)) ? 'it was smuggled' : undefined)
  const lost = messages.slice(answers.length).map(toBytes)
  const unanswered = Buffer.concat(ending === 'anything' && smuggled === undefined ? [...lost, rest] : lost)
  return { answers, complaint, unanswered }
}

async function writeInPieces(client: RawClient, bytes: Buffer, cuts: readonly number[]): Promise<void> {
  let start = 0
  for (const cut of cuts) {
    client.write(bytes.subarray(start, start + cut))
    start += cut
    await setImmediate()
  }
  client.write(bytes.subarray(start))
}

/** Adds to `answers` what comes until the connection is closed; says what is left that is no whole answer. */
async function readToEnd(client: RawClient, awaited: readonly Message[], answers: Answer[]): Promise<string> {
  const closed = client.closed()
  const idle = await Promise.race([closed.then(() => false), delay(IDLE_MS, true)])
  if (idle) client.end()
  await closed
  for (let index = 0; ; index += 1) {
    const answer = client.received(awaited[index])
    if (answer === undefined) return client.closed()
    answers.push(answer)
  }
}

function complaintOfRest(answers: readonly Answer[], ending: Script['ending']): string | undefined {
  const wrong = answers.find(({ status, body }) => {
    if (status >= 500) return true
    if (ending === 'valid') return status !== 200
    return ending !== 'anything' && body.code !== 'INVALID_REQUEST'
  })
  if (wrong !== undefined) return `the rest gets ${wrong.status} ${wrong.text.slice(0, 300)}`
  return answers.length > 1 && ending !== 'anything' ? `the rest gets ${answers.length} answers` : undefined
}
