import { moveAnswers, type WalletOperation } from './calls.ts'

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
  /** How often each answer came that shows that something of note happened: see {@link notable}. */
  readonly seen: ReadonlyMap<string, number>
}

export const NO_FIGURES: Figures = {
  seeds: 0,
  operations: 0,
  failed: 0,
  unknown: 0,
  tookEffect: 0,
  replays: 0,
  faults: 0,
  seen: new Map(),
}

/** What must come about, or the seeds have not tested it. */
export const MUST_BE_SEEN = [
  'atomic list executed',
  'atomic list repeated',
  'NOT_EXECUTED',
  'VERSION_MISMATCH',
  'WALLET_FROZEN',
  'WALLET_CLOSED',
  'PASSIVE_WALLET_CLOSED',
  'WALLET_NOT_EMPTY',
  'INSUFFICIENT_BALANCE',
  'TRANSACTION_ID_REUSED',
  'TRANSACTION_ID_EXPIRED',
  'reference',
  'metadata',
] as const

export function notable(history: readonly WalletOperation[]): ReadonlyMap<string, number> {
  const seen = new Map<string, number>()
  for (const what of history.flatMap(wordsFor)) seen.set(what, (seen.get(what) ?? 0) + 1)
  return seen
}

function wordsFor({ call, answered }: WalletOperation): string[] {
  if (answered === undefined) return []
  const answers = moveAnswers(call, answered.answer).map(([, answer]) => answer)
  const bodies = call.kind === 'atomic' ? answers.map(({ body }) => body) : [answered.answer.body]
  const words = bodies.flatMap((body) => [
    ...(typeof body.code === 'string' ? [body.code] : []),
    ...['reference', 'metadata'].filter((field) => body[field] !== undefined),
  ])
  const isWhole = call.kind === 'atomic' && answers.length > 1 && answers.every(({ status }) => status === 200)
  if (!isWhole) return words
  const isRepeated = answers.every(({ replayed }) => replayed)
  return [...words, isRepeated ? 'atomic list repeated' : 'atomic list executed']
}

export function sum(a: Figures, b: Figures): Figures {
  const seen = new Map(a.seen)
  for (const [what, times] of b.seen) seen.set(what, (seen.get(what) ?? 0) + times)
  return {
    seeds: a.seeds + b.seeds,
    operations: a.operations + b.operations,
    failed: a.failed + b.failed,
    unknown: a.unknown + b.unknown,
    tookEffect: a.tookEffect + b.tookEffect,
    replays: a.replays + b.replays,
    faults: a.faults + b.faults,
    seen,
  }
}

export function describe({ seeds, operations, failed, unknown, tookEffect, replays, faults, seen }: Figures): string {
  return (
    `${seeds} seeds, ${operations} operations (${replays} replays, ${unknown} unknown of which ${tookEffect} took effect), ` +
    `${failed} turned away, ${faults} faults; ${MUST_BE_SEEN.map((what) => `${what} ${seen.get(what) ?? 0}`).join(', ')}`
  )
}
