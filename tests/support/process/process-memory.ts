import { readFile } from 'node:fs/promises'

/** How much memory a process holds now, and the most that it ever held, in megabytes. Linux only. */
export async function processMemory(pid: number): Promise<{ readonly nowMB: number; readonly mostMB: number }> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8')
  const inMB = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1]) / 1024
  return { nowMB: inMB('VmRSS'), mostMB: inMB('VmHWM') }
}
