declare const instant: unique symbol

/** A point in time: microseconds since 1970-01-01T00:00:00Z, which is what PostgreSQL keeps and `Date` cannot. */
export type Instant = bigint & { readonly [instant]: true }

/** A length of time in microseconds. */
export type Micros = bigint

export function toInstant(micros: bigint): Instant {
  return micros as Instant
}

export function fromMilliseconds(milliseconds: number): Instant {
  return (BigInt(milliseconds) * 1000n) as Instant
}

export function after(start: Instant, length: Micros): Instant {
  return (start + length) as Instant
}

export function latest(a: Instant, b: Instant): Instant {
  return a > b ? a : b
}
