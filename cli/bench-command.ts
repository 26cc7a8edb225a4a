import { Argument, type Command, Option } from '@commander-js/extra-typings'
import type autocannon from 'autocannon'
import { BENCH_LOADS, type BenchLoad, LIST_SIZE, prepareLoad } from './bench-load.ts'
import { EXIT, Failure } from './errors.ts'
import { explain } from './explain.ts'
import { deadlineOption, oneOf, reader } from './parameters.ts'
import { createProgress } from './progress.ts'
import { openSession, type Session, type Surroundings } from './session.ts'

const HOT_WALLETS = 2

export function addBenchCommand(program: Command, surroundings: Surroundings): void {
  program
    .command('bench')
    .description('measure how many transfers, lists or reads a running service does')
    .addArgument(new Argument('[url]', 'where the service is (WALLET_URL, else http://127.0.0.1:8080)'))
    .addOption(
      new Option('--load <what>', `transfers, lists of ${LIST_SIZE} transfers, or reads of a wallet`)
        .argParser(oneOf('--load', BENCH_LOADS))
        .default('transfers' as const),
    )
    .addOption(countOption('--connections <n>', 'how many send at once, each one request at a time', 64, 4096))
    .addOption(countOption('--seconds <n>', 'for how long', 10, 300))
    .addOption(countOption('--wallets <n>', 'among how many wallets, evenly', 1000, 100_000, HOT_WALLETS))
    .addOption(new Option('--hot', `among ${HOT_WALLETS} wallets, which is the hardest`).conflicts('wallets'))
    .addOption(deadlineOption)
    .addOption(new Option('--json', 'print the figures as JSON'))
    .addHelpText('after', HELP)
    .action(async (url, { hot, wallets, json = false, deadline, ...order }) => {
      const session = openSession({ url, deadline }, surroundings)
      const figures = await bench(session, { ...order, wallets: hot === true ? HOT_WALLETS : wallets }, surroundings)
      await surroundings.print(json ? `${JSON.stringify(figures)}\n` : describe(figures))
      if (figures.failed > 0) throw new Failure(EXIT.no, `${figures.failed} requests were not answered with 2xx.`)
    })
}

const HELP = `
It opens wallets of its own (bench-…), puts money into each, obtains transaction IDs, and only then measures. A ledger forgets
nothing: they stay. With tokens, WALLET_TOKEN must be an administrator's. The load generator takes a processor of the
machine that it runs on; run it on another than the service's if you can.

Examples:
  npx wallet bench
  npx wallet bench https://wallet.example --load lists --connections 8 --seconds 30 --json`

interface Order {
  readonly load: BenchLoad
  readonly connections: number
  readonly seconds: number
  readonly wallets: number
}

export interface BenchFigures extends Order {
  readonly url: string
  readonly requestsPerSecond: number
  /** Counted in the wallets, before and after; 0 for reads. */
  readonly transfersPerSecond: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly maxMs: number
  /** Requests that were answered with another status than 2xx, or not at all. */
  readonly failed: number
}

async function bench(session: Session, order: Order, { env, say }: Surroundings): Promise<BenchFigures> {
  const { client, signal, url } = session
  const { load, connections, seconds } = order
  const run = Date.now().toString(36)
  const users = Array.from({ length: order.wallets }, (_, index) => `bench-${run}-${index + 1}`)
  const progress = createProgress(process.stderr)
  try {
    say(`preparing ${users.length} wallets, bench-${run}-1 to bench-${run}-${users.length}`)
    const prepared = await prepareLoad(client, users, order, { signal, tell: (done) => progress.show(done) })
    progress.end()
    const before = await prepared.countTransactions()
    say(`sending ${load} for ${seconds} s over ${connections} connections`)
    const result = await send(url, order, env.WALLET_TOKEN, prepared.next, signal)
    const transactions = (await prepared.countTransactions()) - before
    return {
      ...{ url, ...order },
      requestsPerSecond: result.requests.total / result.duration,
      // Each has two halves.
      transfersPerSecond: Number(transactions) / 2 / result.duration,
      ...{ p50Ms: result.latency.p50, p99Ms: result.latency.p99, maxMs: result.latency.max },
      failed: result.non2xx + result.errors,
    }
  } catch (error) {
    throw explain(error, session)
  } finally {
    progress.end()
  }
}

async function send(
  url: string,
  { load, connections, seconds }: Order,
  token: string | undefined,
  next: (request: autocannon.Request) => autocannon.Request | undefined,
  signal: AbortSignal,
): Promise<autocannon.Result> {
  const { default: start } = await import('autocannon')
  const progress = createProgress(process.stderr)
  const authorization = token && { authorization: `Bearer ${token}` }
  const request =
    load === 'reads'
      ? ({ method: 'GET', headers: { ...authorization } } as const)
      : ({ method: 'PUT', headers: { 'content-type': 'application/json', ...authorization } } as const)
  return new Promise((resolve, reject) => {
    function setupRequest(request: autocannon.Request): autocannon.Request {
      const ready = next(request)
      // The last one once more: it happens once.
      if (ready === undefined) running.stop()
      return ready ?? request
    }
    const running = start(
      {
        ...{ url, connections, duration: seconds },
        requests: [{ ...request, setupRequest }],
      },
      (error, result) => {
        progress.end()
        if (signal.aborted) reject(signal.reason)
        else if (error) reject(error)
        else resolve(result)
      },
    )
    const begun = performance.now()
    running.on('tick', () => progress.show(Math.min(1, (performance.now() - begun) / (1000 * seconds))))
    signal.addEventListener('abort', () => running.stop(), { once: true })
  })
}

function describe(figures: BenchFigures): string {
  const rate = (count: number) => Math.round(count).toString()
  const { load, connections, wallets, requestsPerSecond, transfersPerSecond, p50Ms, p99Ms, maxMs } = figures
  const lines = [
    `${load} among ${wallets} wallets over ${connections} connections`,
    ...(load === 'reads' ? [] : [`  ${rate(transfersPerSecond)} transfers a second, counted in the wallets`]),
    `  ${rate(requestsPerSecond)} requests a second`,
    `  half of the answers took ${p50Ms} ms at most, 99 of 100 ${p99Ms} ms, the slowest ${maxMs} ms`,
  ]
  return `${lines.join('\n')}\n`
}

function countOption<const Flags extends string>(
  flags: Flags,
  description: string,
  usual: number,
  max: number,
  min = 1,
) {
  const [name = flags] = flags.split(' ')
  return new Option(flags, description)
    .argParser(
      reader(name, `a whole number, ${min} to ${max}`, (text) => {
        const value = /^\d{1,6}$/.test(text) ? Number(text) : Number.NaN
        return value >= min && value <= max ? value : undefined
      }),
    )
    .default(usual)
}
