import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Bench } from './environment.ts'
import { type Row, row } from './figures.ts'
import { runWrk, startNode } from './programs.ts'
import type { Load } from './transfers.ts'

const CONNECTIONS = 64
const REQUESTS_PER_SECOND = 60_000

export async function compareReads(bench: Bench, load: Load): Promise<Row> {
  const folder = await mkdtemp(join(tmpdir(), 'wallet-bench-'))
  const file = join(folder, 'requests')
  const paths = Array.from(
    { length: REQUESTS_PER_SECOND * bench.seconds },
    () => `/api/v1/users/user-${load.pick()}/wallet`,
  )
  await writeFile(file, `${paths.join('\n')}\n`)
  const bare = await startNode('dist/bench/bare-route.js', {})
  try {
    return await bench.withDatabase('reads', async (database) => {
      await database.fill(load.wallets)
      return bench.withService(database, {}, async (service) => {
        const ours: number[] = []
        const theirs: number[] = []
        for (let round = 1; round <= bench.rounds; round += 1) {
          bench.say(`GET wallet, round ${round} of ${bench.rounds}`)
          theirs.push((await runWrk(bare.url, file, CONNECTIONS, bench.seconds)).perSecond)
          ours.push((await runWrk(service.url, file, CONNECTIONS, bench.seconds)).perSecond)
        }
        const against = 'a bare Fastify route'
        return row({
          name: 'GET wallet, 64 connections',
          against,
          unit: 'requests/s',
          ours,
          theirs,
          target: { atLeast: 0.55 },
        })
      })
    })
  } finally {
    await bare.stop()
    await rm(folder, { recursive: true })
  }
}
