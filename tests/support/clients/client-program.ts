import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import type { Test } from 'tap'
import type { CommandLine } from './languages.ts'

/** A program in another language that calls its client as it is told; many calls may be under way. */
export interface ClientProgram {
  /** The result, in the names of the wire. @throws {CallFailed} */
  call(name: string, given?: object): Promise<unknown>
  kill(): Promise<void>
}

export interface ClientProgramOptions {
  readonly url: string
  readonly token?: string
  readonly attemptTimeoutMs?: number
  readonly deadlineMs?: number
}

/** What a call of a client ended with instead of a result, as the program told it. */
export class CallFailed extends Error {
  override readonly name = 'CallFailed'
  readonly failure: unknown

  constructor(failure: unknown) {
    super(JSON.stringify(failure))
    this.failure = failure
  }
}

/** What a call ended with instead of a result. */
export async function failureOf(call: Promise<unknown>): Promise<unknown> {
  const error = await call.then(
    () => new Error('it went well'),
    (cause: unknown) => cause,
  )
  if (error instanceof CallFailed) return error.failure
  throw error
}

interface Waiting {
  readonly resolve: (result: unknown) => void
  readonly reject: (error: Error) => void
}

/** It is killed when the test is over. */
export function startClientProgram(
  t: Test,
  { command, parameters, env }: CommandLine,
  options: ClientProgramOptions,
): ClientProgram {
  const child = spawn(command, [...parameters, JSON.stringify(options)], { env, stdio: ['pipe', 'pipe', 'pipe'] })
  const waiting = new Map<number, Waiting>()
  let calls = 0
  let stderr = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  // Of a program that has ended, which its exit tells.
  child.stdin.on('error', () => {})
  createInterface({ input: child.stdout }).on('line', (line) => {
    const { id, result, error }: { id: number; result?: unknown; error?: unknown } = JSON.parse(line)
    if (error === undefined) waiting.get(id)?.resolve(result)
    else waiting.get(id)?.reject(new CallFailed(error))
    waiting.delete(id)
  })
  const ended = new Promise<void>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', () => {
      for (const { reject: rejectCall } of waiting.values()) rejectCall(new Error(`the program has ended: ${stderr}`))
      resolve()
    })
  })
  const kill = () => {
    child.kill('SIGKILL')
    return ended
  }
  t.teardown(kill)
  return {
    call(name, given = {}) {
      calls += 1
      const id = calls
      return new Promise((resolve, reject) => {
        if (child.exitCode !== null || child.signalCode !== null) reject(new Error(`the program has ended: ${stderr}`))
        waiting.set(id, { resolve, reject })
        child.stdin.write(`${JSON.stringify({ id, call: name, given })}\n`)
      })
    },
    kill,
  }
}
