import { createPrometheus } from '../src/adapters/prometheus/metrics.ts'

/*
 * What the figures cost: processor time for each request, and for each batch on top. The least of some rounds, since
 * whatever disturbs a round makes it longer.
 */

const ROUNDS = 7
const CALLS = 500_000

const { metrics, countRequest } = createPrometheus('0.0.0')
const queue = metrics.queue('write', 1, () => ({ waiting: 0, inFlight: 0 }))
const WALLET = '/api/v1/users/:userID/wallet'
const ENTRIES = [
  { method: 'PUT', route: `${WALLET}/transfer`, status: 200, outcome: 'executed' },
  { method: 'PUT', route: `${WALLET}/withdraw`, status: 422, outcome: 'INSUFFICIENT_BALANCE' },
  { method: 'GET', route: WALLET, status: 200, outcome: undefined },
].map((entry, index) => ({
  ...entry,
  requestID: 'id',
  address: '127.0.0.1',
  transactionID: undefined,
  replayed: undefined,
  items: undefined,
  ms: 3 ** index,
}))

function leastMicroseconds(work: (call: number) => void): string {
  const rounds = Array.from({ length: ROUNDS }, () => {
    const start = process.cpuUsage()
    for (let call = 0; call < CALLS; call += 1) work(call)
    const { user, system } = process.cpuUsage(start)
    return (user + system) / CALLS
  })
  return Math.min(...rounds).toFixed(2)
}

const request = leastMicroseconds((call) => {
  const entry = ENTRIES[call % ENTRIES.length]
  if (entry !== undefined) countRequest(entry)
})
const batch = leastMicroseconds((call) => {
  queue.batchStarted(call % 512, call % 20)
  metrics.stepDone('lock', call % 10)
  metrics.stepDone('commit', call % 10)
})
process.stdout.write(`${request} µs a request, ${batch} µs a batch\n`)
