import type { Transaction, Wallet } from './answers.ts'

/** How many wallets are remembered; of one that is forgotten the next read is of now. */
const MAX_WALLETS = 10_000

interface Seen {
  /** The newest version that was seen. */
  readonly newest: number
  /** The moment since which there is a newer one, or may be, that was not seen; only a read that was begun later may show it. */
  readonly unseenSince?: number
}

/**
 * What a client has seen of each wallet, so that no read shows it anything older, whichever server answers. Where it knows of
 * a change and not of its version, it asks for an answer of now: its own transfer changed the receiver's wallet, too; a refusal
 * tells of something that it may not have seen; and a wallet that is not open says so in no version.
 */
export function createSeen(maxWallets = MAX_WALLETS) {
  const wallets = new Map<string, Seen>()
  /** Counts the changes whose version was not seen. */
  let moment = 0
  /** The moment at which the last wallet was forgotten. */
  let forgotten = 0

  /** Of a wallet that is not remembered, anything may have been seen. */
  function seenOf(userID: string): Seen {
    return wallets.get(userID) ?? { newest: 0, unseenSince: forgotten }
  }

  function keep(userID: string, seen: Seen): void {
    wallets.delete(userID)
    wallets.set(userID, seen)
    const [oldest] = wallets.keys()
    if (wallets.size <= maxWallets || oldest === undefined) return
    wallets.delete(oldest)
    moment += 1
    forgotten = moment
  }

  /** It has changed, or may have, and no one said to which version. */
  function changed(userID: string): void {
    moment += 1
    keep(userID, { newest: seenOf(userID).newest, unseenSince: moment })
  }

  /** Something tells that the wallet had this version, now or long ago. */
  function version(userID: string, version: number): void {
    const { newest, ...seen } = seenOf(userID)
    keep(userID, { ...seen, newest: Math.max(newest, version) })
  }

  return {
    /** To be kept with a read that begins now. */
    now: () => moment,

    /** The headers of a read of the wallet. */
    headers(userID: string): Readonly<Record<string, string>> {
      const { newest, unseenSince } = seenOf(userID)
      return unseenSince === undefined ? { 'wallet-version-min': String(newest) } : {}
    },

    /** The wallet, in the answer to a read that was begun at `askedAt`. */
    current({ userID, version, state }: Pick<Wallet, 'userID' | 'version' | 'state'>, askedAt: number): void {
      const { newest, unseenSince } = seenOf(userID)
      const seen = { newest: Math.max(newest, version) }
      if (state !== undefined) changed(userID)
      else if (unseenSince === undefined || askedAt >= unseenSince) keep(userID, seen)
      else keep(userID, { ...seen, unseenSince })
    },

    transaction: ({ userID, id }: Pick<Transaction, 'userID' | 'id'>) => version(userID, id),

    version,
    changed,
  }
}
