import type { PoolReading } from '../../ports/metrics.ts'
import type { Lane } from './lane.ts'

export interface LanePool {
  /** Gives `work` a lane to itself. When it throws, the lane is discarded, since nobody knows what it still holds. */
  use<Result>(work: (lane: Lane) => Promise<Result>): Promise<Result>
  /** What its lanes do right now. */
  reading(): PoolReading
  close(): Promise<void>
}

/** At most `size` lanes, opened when first needed and replaced when they die. */
export function createLanePool(size: number, open: () => Promise<Lane>): LanePool {
  const idle: Lane[] = []
  const waiting: (() => void)[] = []
  let inUse = 0

  async function take(): Promise<Lane> {
    while (inUse >= size) await new Promise<void>((resolve) => waiting.push(resolve))
    inUse += 1
    for (let lane = idle.pop(); lane !== undefined; lane = idle.pop()) {
      if (!lane.isDead()) return lane
      lane.discard()
    }
    try {
      return await open()
    } catch (error) {
      giveBack()
      throw error
    }
  }

  function giveBack(): void {
    inUse -= 1
    waiting.shift()?.()
  }

  return {
    async use(work) {
      const lane = await take()
      try {
        const result = await work(lane)
        idle.push(lane)
        return result
      } catch (error) {
        // What took this connection may have taken those at rest, and they would hear of it only at their own deadlines,
        // one after another: four of them would outlast a request.
        if (lane.isDead()) for (const other of idle.splice(0)) other.discard()
        lane.discard()
        throw error
      } finally {
        giveBack()
      }
    },
    reading: () => ({ inUse, idle: idle.length, waiting: waiting.length }),
    async close() {
      await Promise.all(idle.splice(0).map((lane) => lane.close()))
    },
  }
}
