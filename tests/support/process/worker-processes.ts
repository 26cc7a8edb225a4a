import { readFile } from 'node:fs/promises'

/** The processes of Node.js that a process has started, in the order of their numbers. Linux only. */
export async function workersOf(parent: number): Promise<readonly number[]> {
  const children = (await readFile(`/proc/${parent}/task/${parent}/children`, 'utf8')).trim().split(' ')
  const found: number[] = []
  for (const child of children) {
    const commandLine = await readFile(`/proc/${child}/cmdline`, 'utf8').catch(() => '')
    if (/^\S*node\0/.test(commandLine)) found.push(Number(child))
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
