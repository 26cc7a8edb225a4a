import { commandsOf, type Unit, walletsOf } from '../domain/command.ts'
import { MAX_NEWS, type Position } from '../domain/follow.ts'
import type { Transaction } from '../domain/transaction.ts'
import type { UserID } from '../domain/user-id.ts'
import type { Follower, LiveWallets } from '../ports/live.ts'
import { NO_TELEMETRY, type Telemetry } from '../ports/telemetry.ts'
import { StoreError, type WalletStore } from '../ports/wallet-store.ts'

export interface LiveBounds {
  readonly followersOfAUser: number
  readonly followers: number
  /** How often it is looked for what other instances have committed, while someone follows. */
  readonly pollMs: number
  /** What is committed so soon after a read is read together when this is over: batches end every few milliseconds. */
  readonly gatherMs: number
}

export interface Live extends LiveWallets {
  /** These were committed here: who follows their wallets is told at once. */
  committed(units: readonly Unit[]): void
  /** Ends all followers, and takes none any more. */
  stop(): void
}

interface Reader {
  readonly follower: Follower
  after: bigint
  /** Takes more. */
  ready: boolean
}

/** Of how many wallets one statement reads. */
const MAX_WALLETS = 1000

/**
 * Reads what is new of the wallets that someone follows: after a commit of this instance, at once unless it has just read
 * ({@link LiveBounds.gatherMs}), and all of them every {@link LiveBounds.pollMs}. What is told is always read from the store, so that there is one way for history, for our own
 * commits and for those of others, and ids come without a gap.
 */
export function createLive(
  store: Pick<WalletStore, 'news'>,
  { followersOfAUser, followers, pollMs, gatherMs }: LiveBounds,
  telemetry: Pick<Telemetry, 'followers'> = NO_TELEMETRY,
): Live {
  const readers = new Map<UserID, Set<Reader>>()
  const toRead = new Set<UserID>()
  let count = 0
  let reading = false
  let lastRead = Number.NEGATIVE_INFINITY
  /** Someone is behind, and waits for nothing but the next read. */
  let hurry = false
  let stopped = false
  let nextRead: NodeJS.Timeout | undefined
  let polling: NodeJS.Timeout | undefined
  telemetry.followers(() => count)

  function readSoon(): void {
    if (reading || toRead.size === 0) return
    clearTimeout(nextRead)
    const left = lastRead + gatherMs - performance.now()
    nextRead = setTimeout(readAll, hurry ? 0 : Math.max(0, left))
  }

  async function readAll(): Promise<void> {
    reading = true
    hurry = false
    lastRead = performance.now()
    try {
      const positions = takePositions()
      const news = positions.length === 0 ? [] : await store.news(positions)
      for (const [userID, transactions] of news) {
        tell(userID, transactions)
        if (transactions.length === MAX_NEWS) readAgain(userID)
      }
    } catch (error) {
      // The next poll looks again.
      if (!(error instanceof StoreError)) throw error
    } finally {
      reading = false
      readSoon()
    }
  }

  function readAgain(userID: UserID): void {
    toRead.add(userID)
    hurry = true
  }

  /** As many as one statement reads. */
  function takePositions(): Position[] {
    const positions: Position[] = []
    for (const userID of toRead) {
      if (positions.length === MAX_WALLETS) {
        hurry = true
        break
      }
      toRead.delete(userID)
      const position = farthestBehind(userID)
      if (position !== undefined) positions.push(position)
    }
    return positions
  }

  function farthestBehind(userID: UserID): Position | undefined {
    let after: bigint | undefined
    for (const reader of readers.get(userID) ?? [])
      if (reader.ready && (after === undefined || reader.after < after)) after = reader.after
    return after === undefined ? undefined : { userID, after }
  }

  function tell(userID: UserID, transactions: readonly Transaction[]): void {
    for (const reader of readers.get(userID) ?? []) {
      // One that came, or went on, while this was read may be farther behind: it is read for again.
      const next = transactions.filter(({ id }) => id > reader.after)
      if (!reader.ready || next[0]?.id !== reader.after + 1n) continue
      reader.after += BigInt(next.length)
      reader.ready = reader.follower.take(next)
    }
  }

  function poll(): void {
    for (const userID of readers.keys()) toRead.add(userID)
    readSoon()
  }

  return {
    follow({ userID, after }, follower) {
      const others = readers.get(userID) ?? new Set()
      if (others.size >= followersOfAUser) return 'TOO_MANY_REQUESTS'
      if (stopped || count >= followers) return 'OVERLOADED'
      const reader: Reader = { follower, after, ready: true }
      readers.set(userID, others.add(reader))
      count += 1
      polling ??= setInterval(poll, pollMs).unref()

      function goOn(): void {
        reader.ready = true
        readAgain(userID)
        readSoon()
      }
      goOn()
      return {
        goOn,
        stop() {
          if (!others.delete(reader)) return
          count -= 1
          if (others.size === 0) readers.delete(userID)
          if (count > 0) return
          clearInterval(polling)
          polling = undefined
        },
      }
    },

    committed(units) {
      if (count === 0) return
      for (const command of commandsOf(units))
        for (const userID of walletsOf(command)) if (readers.has(userID)) toRead.add(userID)
      readSoon()
    },

    stop() {
      stopped = true
      clearTimeout(nextRead)
      for (const some of readers.values()) for (const { follower } of some) follower.end()
    },
  }
}
