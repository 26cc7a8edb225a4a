import { readdir, readFile } from 'node:fs/promises'
import { databaseProcesses } from '../tests/support/database/database-processes.ts'
import { workersOf } from '../tests/support/process/worker-processes.ts'
import type { ServiceProcess } from './programs.ts'

/* CPU time that processes have used so far, in seconds. Linux only. */

const TICKS_PER_SECOND = 100
/** In /proc/<pid>/stat after the name: time of its own in the program and the system, and that of the children it has buried. */
const TIMES = { own: [11, 12], withEnded: [11, 12, 13, 14] } as const

/** CPU microseconds that one transfer cost. */
export interface CPUShares {
  readonly cpuMicros: number
  readonly postgresMicros: number
}

/** Does something, and says what a share of it cost if it is divided by a number. */
export async function watchCPU<Result>(
  service: ServiceProcess,
  work: () => Promise<Result>,
): Promise<{ readonly result: Result; shares(count: number): CPUShares }> {
  const before = await spent(service)
  const result = await work()
  const after = await spent(service)
  const micros = (seconds: number, count: number) => (seconds * 1e6) / count
  return {
    result,
    shares: (count) => ({
      cpuMicros: micros(after.service - before.service, count),
      postgresMicros: micros(after.postgres - before.postgres, count),
    }),
  }
}

async function spent({ pid }: ServiceProcess): Promise<{ readonly service: number; readonly postgres: number }> {
  return { service: await cpuSeconds([pid, ...(await workersOf(pid))], 'own'), postgres: await postgresCPUSeconds() }
}

/** Of all processes of a server, those that have ended among them. */
export async function serverCPUSeconds(folder: string): Promise<number> {
  return cpuSeconds(await databaseProcesses(folder), 'withEnded')
}

/** Of all PostgreSQL servers of this machine. */
async function postgresCPUSeconds(): Promise<number> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number)
  const names = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/comm`, 'utf8').catch(() => '')))
  return cpuSeconds(
    pids.filter((_, index) => names[index]?.trim() === 'postgres'),
    'withEnded',
  )
}

async function cpuSeconds(pids: readonly number[], times: keyof typeof TIMES): Promise<number> {
  const stats = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')))
  return stats.reduce((sum, stat) => {
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return sum + TIMES[times].reduce((ticks, at) => ticks + Number(fields[at] ?? 0), 0) / TICKS_PER_SECOND
  }, 0)
}
