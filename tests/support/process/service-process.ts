import { type ChildProcess, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Test } from 'tap'
import type { Account } from '../../../src/adapters/embedded-postgres/account.ts'
import { eventually } from '../eventually.ts'
import { runAs } from './run-as.ts'

/** This file runs from `dist/tests/support/process`. */
const PACKAGE = fileURLToPath(new URL('../../../..', import.meta.url))
const MAIN = 'dist/src/app/main.js'
const WALLET = 'dist/cli/wallet.js'

/** As `npm start`, `npx wallet` and the container image have them: from the first line of the one file that all of them run. */
export const NODE_FLAGS: readonly string[] =
  /^#!.* node (.*)$/m.exec(readFileSync(join(PACKAGE, 'bin/wallet.js'), 'utf8'))?.[1]?.split(' ') ?? []

const START_LIMIT_MS = 30_000
/** Longer lives no test's service, unless told otherwise. */
const END_LIMIT_MS = 120_000
const URL_IN_LINE = /listening at (http:\S+)\/api\/v1/

export interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

export interface ServiceProcess {
  /** Where it listens, without a slash at its end. */
  readonly url: string
  /** What its first line of output says. */
  readonly firstMessage: string
  readonly pid: number
  /** Everything that it logged, one line of JSON each. */
  log(): string
  /** Sends a signal and waits for the end. */
  end(signal: NodeJS.Signals): Promise<Ended>
}

export interface ProcessOptions {
  readonly env: Readonly<Record<string, string>>
  /** Whom to run as; ourselves where it is left out. */
  readonly account?: Account
  /** A module that is loaded first. */
  readonly preload?: URL
  /** Of Node.js, after the usual ones. */
  readonly flags?: readonly string[]
  readonly endLimitMs?: number
  /** The folder of another build; ours where it is left out. */
  readonly build?: string
}

export interface Started {
  readonly child: ChildProcess
  readonly ended: Promise<Ended>
  stdout(): string
}

/** Runs the service until its first line of output says where it listens. It is killed when the test is over. */
export async function startServiceProcess(t: Test, options: ProcessOptions): Promise<ServiceProcess> {
  const { child, ended, stdout } = await start(t, MAIN, [], options)
  let early: Ended | undefined
  void ended.then((how) => {
    early = how
  })
  const line = await eventually('the first line of a service', START_LIMIT_MS, () => {
    if (early !== undefined) throw new Error(`the service ended with ${early.code ?? early.signal}: ${early.stderr}`)
    // A collector that does not answer may be complained of before.
    const [first] = stdout()
      .split('\n')
      .slice(0, -1)
      .filter((each) => !each.includes('OpenTelemetry: '))
    return first
  })
  const { msg: firstMessage } = JSON.parse(line)
  const url = URL_IN_LINE.exec(firstMessage)?.[1]
  if (url === undefined || child.pid === undefined) throw new Error(`no URL in the first line: ${line}`)
  return {
    ...{ url, firstMessage, pid: child.pid, log: stdout },
    end(signal) {
      child.kill(signal)
      return ended
    },
  }
}

/** Runs the service, which is expected to end by itself. */
export async function runServiceToEnd(t: Test, options: ProcessOptions): Promise<Ended> {
  return (await launchService(t, options)).ended
}

/** Runs `npx wallet …`, short of npx. */
export async function runWallet(t: Test, parameters: readonly string[], options: ProcessOptions): Promise<Ended> {
  return (await launchWallet(t, parameters, options)).ended
}

/** Runs `npx wallet …` without waiting for anything it does. */
export async function launchWallet(t: Test, parameters: readonly string[], options: ProcessOptions): Promise<Started> {
  return start(t, WALLET, parameters, options)
}

/** Runs the service without waiting for anything it does. */
export async function launchService(t: Test, options: ProcessOptions): Promise<Pick<Started, 'child' | 'ended'>> {
  return start(t, MAIN, [], options)
}

async function start(
  t: Test,
  program: string,
  parameters: readonly string[],
  options: ProcessOptions,
): Promise<Started> {
  const script = join(options.build ?? PACKAGE, program)
  // tap has every Node.js that its tests start load its own modules, which slows a start threefold and fails in a
  // process that may not write into its folder: without NODE_OPTIONS the service runs as it does elsewhere.
  const flags = [
    ...NODE_FLAGS,
    ...(options.flags ?? []),
    ...(options.preload === undefined ? [] : ['--import', options.preload.href]),
  ]
  const commandLine = ['/usr/bin/env', '-u', 'NODE_OPTIONS', process.execPath, ...flags, script, ...parameters] as const
  const { command, parameters: rest, identity } = await runAs(options.account, commandLine, [process.execPath, script])
  const env = { PATH: process.env.PATH, TMPDIR: process.env.TMPDIR, PORT: '0', ...options.env }
  const child = spawn(command, [...rest], { ...identity, env, stdio: ['ignore', 'pipe', 'pipe'] })
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  const limit = setTimeout(() => child.kill('SIGKILL'), options.endLimitMs ?? END_LIMIT_MS)
  const ended = new Promise<Ended>((resolve, reject) => {
    child.once('error', reject)
    // Not `close`: a database that outlives a killed service must not keep us waiting.
    child.once('exit', (code, signal) => {
      clearTimeout(limit)
      setImmediate(() => resolve({ code, signal, stdout, stderr }))
    })
  })
  t.teardown(async () => {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL')
    await ended
  })
  return { child, ended, stdout: () => stdout }
}
