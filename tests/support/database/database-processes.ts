import { readdir, readFile, readlink } from 'node:fs/promises'
import type { Test } from 'tap'
import { eventually } from '../eventually.ts'

/** The processes of a PostgreSQL on a folder, the server itself first. Linux only. */
export async function databaseProcesses(folder: string): Promise<readonly number[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number)
  const found: { pid: number; isServer: boolean }[] = []
  for (const pid of pids) {
    const [commandLine, cwd] = await Promise.all([
      readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => ''),
      readlink(`/proc/${pid}/cwd`).catch(() => ''),
    ])
    const program = commandLine.split('\0')[0] ?? ''
    const isServer = commandLine.includes(folder) && /(postgres|initdb)$/.test(program)
    if (isServer || cwd.startsWith(folder)) found.push({ pid, isServer })
  }
  return found.sort((a, b) => Number(b.isServer) - Number(a.isServer)).map(({ pid }) => pid)
}

/** What a test that kills services leaves running on the folder is killed when the test is over. */
export function killDatabaseAfterwards(t: Test, folder: string): void {
  t.teardown(async () => {
    await eventually(`no process on ${folder}`, 10_000, async () => {
      const left = await databaseProcesses(folder)
      for (const pid of left) kill(pid)
      return left.length === 0 ? true : undefined
    })
  })
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It has gone already.
  }
}
