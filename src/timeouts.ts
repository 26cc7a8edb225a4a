/**
 * Every time limit on the way of a request, in the order in which they must strike: a lock is given up before its
 * statement, a statement before our own deadline for the round trip, that before the request's, and the request is
 * answered before HTTP cuts its connection. A test checks the order.
 */
export const TIMEOUTS_MS = {
  /** A standby has answered, or else the primary is asked, and has its own time. */
  standby: 400,
  /** How often the server looks whether we are still there while it executes for us. */
  clientCheck: 500,
  /** A migration gives a lock up, on which everyone else has been waiting behind it. */
  migrationLock: 300,
  /** The server gives a lock up. */
  lock: 1000,
  /** The server gives a statement up. */
  statement: 1500,
  /** The server ends a connection that rests in a transaction: with it go the locks of one that packets do not reach. */
  idleInTransaction: 1500,
  /** One round trip, seen from here: the only limit that helps when packets vanish. */
  roundTrip: 2000,
  /** A connection is made, and every statement prepared on it. */
  open: 2000,
  /** The keys that tokens are checked with are fetched. */
  keySet: 2000,
  /**
   * A request is answered. A batch that vanished (`roundTrip`) is tried again while the server still holds its locks, for
   * `statement` and `idleInTransaction` at most, and has time to be done after that.
   */
  request: 6000,
  /** After a stop a connection at rest may bring one more request, which its client had sent already. */
  lastRequest: 1000,
  /** What was accepted before a stop, or came so, is answered. */
  drain: 8000,
  /** After that, the last traces and figures are sent; who collects them may be down. */
  telemetryFlush: 2000,
  /** A request has come from its first byte to its last. */
  httpRequest: 10_000,
  /**
   * A batch that took its time from the database's clock so long ago is committed, or never will be. The server ends it much
   * sooner, by `statement` and `idleInTransaction`; but it can't end a COMMIT that waits for its disk.
   */
  settled: 60_000,
  /** Something moves on an HTTP connection with a request on it. A reader of the feed may wait for 30 s, and is answered after that. */
  httpConnection: 40_000,
  /** The receiver of the webhook answers. */
  webhook: 15_000,
  /** The server takes the right to deliver away from one who says nothing: longer than a message that is sent meanwhile. */
  webhookLease: 30_000,
  /** An HTTP connection without a request on it is kept. Longer than the minute for which proxies keep theirs. */
  httpKeepAlive: 65_000,
  /** The server keeps a connection of ours that rests, or whose end it has not heard of. */
  orphan: 10 * 60_000,
} as const
