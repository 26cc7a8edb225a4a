import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { type ServerAddress, toURL } from '../db/address.ts'
import { NODE_FLAGS } from '../tests/support/process/service-process.ts'

const execute = promisify(execFile)

/** What one run of a load generator measured. */
export interface Measured {
  readonly perSecond: number
  /** Connections that broke or timed out. */
  readonly failed: number
  /** Answers with a status over 399. */
  readonly refused: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly p999Ms: number
}

export async function isInstalled(program: string): Promise<boolean> {
  return execute('which', [program]).then(
    () => true,
    () => false,
  )
}

/** Sends the requests of a file with wrk, each connection one at a time, with a pause after each answer if one is given. */
export async function runWrk(
  url: string,
  requestFile: string,
  connections: number,
  seconds: number,
  pauseMs?: number,
): Promise<Measured> {
  const script = 'bench/put.lua'
  const { stdout } = await execute('wrk', [
    '-t1',
    `-c${connections}`,
    `-d${seconds}s`,
    '--timeout',
    '10s',
    '-s',
    script,
    url,
    '--',
    requestFile,
    ...(pauseMs === undefined ? [] : [String(pauseMs)]),
  ])
  const result = /RESULT (\{.*\})/.exec(stdout)?.[1]
  if (result === undefined) throw new Error(`wrk printed no result:\n${stdout}`)
  const { requests, durationUs, failed, refused, p50Us, p99Us, p999Us } = JSON.parse(result)
  const ms = (micros: number) => micros / 1000
  return {
    perSecond: requests / (durationUs / 1e6),
    failed,
    refused,
    p50Ms: ms(p50Us),
    p99Ms: ms(p99Us),
    p999Ms: ms(p999Us),
  }
}

/** Transfers a second of pgbench's own making: one transaction each, prepared, no HTTP. */
export async function runPgbench(
  address: ServerAddress,
  wallets: number,
  clients: number,
  seconds: number,
  zipf = 0,
  script = 'bench/pgbench-transfer.sql',
): Promise<number> {
  const threads = Math.min(2, clients)
  const { stdout } = await execute('pgbench', [
    ...['-n', '-M', 'prepared', '-f', script, '-D', `wallets=${wallets}`, '-D', `zipf=${zipf}`],
    ...['-c', String(clients), '-j', String(threads), '-T', String(seconds), toURL(address)],
  ])
  const tps = /tps = ([\d.]+)/.exec(stdout)?.[1]
  if (tps === undefined) throw new Error(`pgbench printed no rate:\n${stdout}`)
  return Number(tps)
}

export interface ServiceProcess {
  readonly url: string
  readonly pid: number
  stop(): Promise<void>
}

/** One way to run the service: which Node.js, with which flags and settings, and the folder that it was built in. */
export interface Variant {
  readonly name: string
  readonly program: string
  readonly flags: readonly string[]
  readonly folder: string
  readonly settings: Readonly<Record<string, string>>
}

/** As users run it. */
export const AS_USUAL: Variant = {
  name: 'as usual',
  program: process.execPath,
  flags: NODE_FLAGS,
  folder: '.',
  settings: {},
}

/** The service in a process of its own; its log goes where no one reads it. */
export function startServiceProcess(
  environment: Readonly<Record<string, string>>,
  { program, flags, folder, settings }: Variant = AS_USUAL,
): Promise<ServiceProcess> {
  return startNode(join(folder, 'dist/src/app/main.js'), { PORT: '0', ...environment, ...settings }, flags, program)
}

/** A Node.js program that says `listening at <url>/api` when it does. */
export async function startNode(
  program: string,
  environment: Readonly<Record<string, string>>,
  nodeFlags: readonly string[] = [],
  node: string = process.execPath,
): Promise<ServiceProcess> {
  const flags = [...nodeFlags, ...(process.env.BENCH_NODE_FLAGS ?? '').split(' ').filter((flag) => flag !== '')]
  const child = spawn(node, [...flags, program], {
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let output = ''
  const url = await new Promise<string>((resolve, reject) => {
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text
      const found = /listening at (http:\S+)\/api/.exec(output)?.[1]
      if (found !== undefined) resolve(found)
    })
    child.once('exit', () => reject(new Error(`${program} did not start: ${output}`)))
  })
  child.stdout.removeAllListeners('data').resume()
  return {
    url,
    pid: child.pid ?? 0,
    async stop() {
      const exited = once(child, 'exit')
      child.kill('SIGTERM')
      await exited
    },
  }
}
