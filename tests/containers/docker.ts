import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import type { Test } from 'tap'
import { eventually } from '../support/eventually.ts'

export interface Container {
  readonly id: string
  /** Settles once its health check says so. */
  healthy(): Promise<void>
  /** What a command prints that runs in it. */
  run(...command: readonly string[]): Promise<string>
  log(): Promise<string>
  /** As `docker stop` does it: SIGTERM, and `kill -9` if that takes too long. Says the exit code. */
  stop(): Promise<number>
}

const HEALTHY_LIMIT_MS = 60_000
const STOP_LIMIT_S = 20
const OUTPUT_BYTES = 16 * 1024 * 1024

/** What a command prints, on both its outputs. */
export async function docker(...parameters: readonly string[]): Promise<string> {
  const { stdout, stderr } = await promisify(execFile)('docker', [...parameters], { maxBuffer: OUTPUT_BYTES })
  return `${stdout}${stderr}`.trim()
}

/** Builds the image of a folder. It goes when the test is over; what its layers share with others stays cached. */
export async function buildImage(
  t: Test,
  folder: string,
  name: string,
  options: readonly string[] = [],
): Promise<string> {
  t.teardown(() => docker('image', 'rm', '--force', '--no-prune', name))
  return docker('build', ...options, '--tag', name, folder)
}

/** Starts a container, which is removed when the test is over. */
export async function startContainer(t: Test, ...parameters: readonly string[]): Promise<Container> {
  const id = (await docker('run', '--detach', ...parameters)).split('\n').at(-1) ?? ''
  t.teardown(() => docker('rm', '--force', id))
  const inspect = (format: string) => docker('inspect', '--format', format, id)
  return {
    id,
    async healthy() {
      await eventually('the container is healthy', HEALTHY_LIMIT_MS, async () => {
        const state = await inspect('{{.State.Status}} {{.State.Health.Status}}')
        if (state.startsWith('exited')) throw new Error(`the container ended: ${await docker('logs', id)}`)
        return state === 'running healthy' ? true : undefined
      })
    },
    run: (...command) => docker('exec', id, ...command),
    log: () => docker('logs', id),
    async stop() {
      await docker('stop', '--time', String(STOP_LIMIT_S), id)
      return Number(await inspect('{{.State.ExitCode}}'))
    },
  }
}
