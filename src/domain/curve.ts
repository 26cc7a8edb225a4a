/** Ids without a gap: `from` ≤ id < `before`. */
export interface IDRange {
  readonly from: bigint
  readonly before: bigint
}

/**
 * Ids that stand for all of a range: all of them if they are few, else `points` evenly spaced ones with the first and
 * the last among them. Ids have no gaps, so each of these is there.
 */
export function spacedIDs({ from, before }: IDRange, points: number): readonly bigint[] {
  const count = before - from
  if (count <= BigInt(points)) return Array.from({ length: Number(count) }, (_, index) => from + BigInt(index))
  return Array.from({ length: points }, (_, index) => from + (BigInt(index) * (count - 1n)) / BigInt(points - 1))
}
