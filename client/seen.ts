import type { Transaction, Wallet } from './answers.ts'

/** How many wallets are remembered; of one that is forgotten the next read is of now. */
const MAX_WALLETS = 10_000

/** The newest version that was seen, or the moment since which there is a newer one that was not. */
type Seen = { readonly version: number } | { readonly unseenSince: number }

/**
 * What a client has seen of each wallet, so that no read shows it anything older, whichever server answers. Where it knows of
 * a change and not of its version, it asks for an answer of now: its own transfer changed the receiver's wallet, too; a refusal
 * tells of something that it may not have seen; and a wallet that is not open says so in no version.
 */
export function createSeen(maxWallets = MAX_WALLETS) {
  const wallets = new Map<string, Seen>()
  /** Counts the changes whose version was not seen. */
  let moment = 0
  /** What is asked for before this says nothing of a wallet that is not in `wallets`. */
  let forgotten = 0

  function keep(userID: string, seen: Seen): void {
    wallets.delete(userID)
    wallets.set(userID, seen)
    const [oldest] = wallets.keys()
    if (wallets.size <= maxWallets || oldest === undefined) return
    wallets.delete(oldest)
    moment += 1
    forgotten = moment
  }

  /** A version that was seen, if there is none that is newer. */
  function raise(userID: string, version: number): void {
    const seen = wallets.get(userID)
    if (seen !== undefined && 'version' in seen) keep(userID, { version: Math.max(seen.version, version) })
  }

  /** It has changed, or may have, and no one said to which version. */
  function changed(userID: string): void {
    moment += 1
    keep(userID, { unseenSince: moment })
  }

  return {
    /** To be kept with a read that begins now. */
    now: () => moment,

    /** The headers of a read of the wallet. */
    headers(userID: string): Readonly<Record<string, string>> {
      const seen = wallets.get(userID)
      return seen !== undefined && 'version' in seen ? { 'wallet-version-min': String(seen.version) } : {}
    },

    /** The wallet, in the answer to a read that was begun at `askedAt`. */
    current({ userID, version, state }: Pick<Wallet, 'userID' | 'version' | 'state'>, askedAt: number): void {
      const seen = wallets.get(userID) ?? { unseenSince: forgotten }
      if (state !== undefined) changed(userID)
      else if ('version' in seen) raise(userID, version)
      else if (askedAt >= seen.unseenSince) keep(userID, { version })
    },

    /** A transaction that someone made, now or long ago. */
    transaction({ userID, id }: Transaction): void {
      raise(userID, id)
    },

    changed,
  }
}
