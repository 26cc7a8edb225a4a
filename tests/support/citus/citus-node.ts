import { spawn } from 'node:child_process'
import { open, readFile, readlink, stat } from 'node:fs/promises'
import type { ServerAddress } from '../../../db/address.ts'
import { administer } from '../database/database.ts'
import { databaseProcesses } from '../database/database-processes.ts'
import { eventually } from '../eventually.ts'

/** A coordinator or a worker that runs on this machine, to do it harm. */
export interface CitusNode {
  readonly folder: string
  readonly program: string
  readonly uid: number
  readonly gid: number
  /** `kill -9` of all its processes, as when its machine goes. */
  kill(): Promise<void>
  /** Starts it as it was started before: the same program, folder and user. Settles when it takes connections. */
  start(): Promise<void>
}

const START_LIMIT_MS = 30_000

/** Finds the processes of a node by its folder. Its user must be ourselves, unless we are root. */
export async function nodeOnThisMachine(address: ServerAddress): Promise<CitusNode> {
  const [row] = await administer(address, `SELECT current_setting('data_directory') AS folder`)
  const folder = String(row?.folder)
  const [server] = await databaseProcesses(folder)
  if (server === undefined) throw new Error(`no process on this machine has the folder ${folder} of the node`)
  const [program = '', ...parameters] = (await readFile(`/proc/${server}/cmdline`, 'utf8')).split('\0').slice(0, -1)
  const { uid, gid } = await stat(`/proc/${server}`)
  const wroteTo = await readlink(`/proc/${server}/fd/2`)
  // A pipe has no name, and no one reads it any more.
  const log = wroteTo.startsWith('/') ? wroteTo : '/dev/null'

  return {
    ...{ folder, program, uid, gid },
    async kill() {
      await eventually(`no process on ${folder}`, START_LIMIT_MS, async () => {
        const left = await databaseProcesses(folder)
        for (const pid of left) killProcess(pid)
        return left.length === 0 ? true : undefined
      })
    },
    async start() {
      let runs = false
      await eventually(`the node on ${folder} takes connections`, START_LIMIT_MS, async () => {
        // It gives up where the one before has not been buried yet.
        if (!runs) await launch()
        return administer(address, 'SELECT 1').then(
          () => true,
          () => undefined,
        )
      })

      async function launch(): Promise<void> {
        const output = await open(log, 'a')
        const stdio = ['ignore', output.fd, output.fd] as const
        const child = spawn(program, parameters, { uid, gid, cwd: '/', detached: true, stdio: [...stdio] })
        runs = true
        child.once('error', () => {
          runs = false
        })
        child.once('exit', () => {
          runs = false
        })
        child.unref()
        await output.close()
      }
    },
  }
}

function killProcess(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It has gone already.
  }
}
