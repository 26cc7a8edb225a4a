import pino from 'pino'
import t from 'tap'
import { gatherLines, requestLine } from '../../src/app/logger.ts'
import type { RequestEntry } from '../../src/ports/telemetry.ts'

const AT = new Date('2024-12-16T03:59:02.608Z')

const WHO = { requestID: '638cb5a795-7', address: '10.9.0.1', method: 'PUT' }

function asPinoWritesIt(entry: RequestEntry): string {
  let line = ''
  const destination = {
    write(text: string) {
      line += text
    },
  }
  pino({ base: null, timestamp: () => `,"time":"${AT.toISOString()}"` }, destination).info(entry, 'request')
  return line
}

for (const [what, entry] of Object.entries({
  'with everything': {
    route: '/api/v1/users/:userID/wallet',
    transactionID: '01a2031a-143d-8347-b3ca-926d0d607767',
    outcome: 'executed',
    replayed: true,
    items: undefined,
    administrator: 'auth0|"名前"',
  },
  'with nothing that it can be without': {
    route: undefined,
    transactionID: undefined,
    outcome: undefined,
    replayed: undefined,
    items: undefined,
  },
  'that was a list': {
    route: '/api/v1/transactions',
    transactionID: undefined,
    outcome: undefined,
    replayed: undefined,
    items: [{ outcome: 'executed', replayed: false, count: 100 }],
  },
} as const)) {
  t.test(`the line of a request ${what} is the one that pino would write`, async (t) => {
    const { route, ...rest } = entry
    const whole: RequestEntry = { ...WHO, route, status: 200, ms: 1.25, ...rest }
    t.equal(requestLine(whole, AT), asPinoWritesIt(whole))
  })
}

t.test('lines are written in pieces of at most so many bytes, each line whole and in its order', async (t) => {
  const pieces: string[] = []
  const lines = gatherLines(10, (piece) => pieces.push(piece))
  for (const line of ['one\n', 'two\n', 'é€\n', 'a line that is longer\n', 'end\n']) lines.write(line)
  t.strictSame(pieces, ['one\ntwo\n', 'é€\n', 'a line that is longer\n'])
  lines.flush()
  lines.flush()
  t.equal(pieces.at(-1), 'end\n')
  t.equal(pieces.length, 4)
})
