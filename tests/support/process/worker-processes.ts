import { readdir, readFile } from 'node:fs/promises'

/** The processes of Node.js that a process has started, in the order of their numbers. Linux only. */
export async function workersOf(parent: number): Promise<readonly number[]> {
  const found: number[] = []
  for (const entry of await readdir('/proc')) {
    const stat = await readFile(`/proc/${entry}/stat`, 'utf8').catch(() => '')
    const [, parentPID] = /^\d+ \(.*\) \S (\d+) /s.exec(stat) ?? []
    if (Number(parentPID) !== parent) continue
    const commandLine = await readFile(`/proc/${entry}/cmdline`, 'utf8').catch(() => '')
    if (/^\S*node\0/.test(commandLine)) found.push(Number(entry))
  }
  return found.sort((a, b) => a - b)
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
