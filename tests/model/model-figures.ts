/** What one seed came to, or many. */
export interface Figures {
  readonly seeds: number
  /** With an answer or without; not those that surely did not happen. */
  readonly operations: number
  /** Answered with 503, and surely did not happen. */
  readonly failed: number
  readonly unknown: number
  /** Of the unknown ones, those that took effect in the explanation. */
  readonly tookEffect: number
  readonly replays: number
  readonly faults: number
}

export const NO_FIGURES: Figures = {
  seeds: 0,
  operations: 0,
  failed: 0,
  unknown: 0,
  tookEffect: 0,
  replays: 0,
  faults: 0,
}

export function sum(a: Figures, b: Figures): Figures {
  return {
    seeds: a.seeds + b.seeds,
    operations: a.operations + b.operations,
    failed: a.failed + b.failed,
    unknown: a.unknown + b.unknown,
    tookEffect: a.tookEffect + b.tookEffect,
    replays: a.replays + b.replays,
    faults: a.faults + b.faults,
  }
}

export function describe({ seeds, operations, failed, unknown, tookEffect, replays, faults }: Figures): string {
  return (
    `${seeds} seeds, ${operations} operations (${replays} replays, ${unknown} unknown of which ${tookEffect} took effect), ` +
    `${failed} turned away, ${faults} faults`
  )
}
