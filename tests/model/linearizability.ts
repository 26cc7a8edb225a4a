/** One request of a client: what it asked, what it was answered, and when, in milliseconds of one clock. */
export interface Operation<Call, Answer> {
  readonly client: string
  readonly call: Call
  readonly calledAtMs: number
  /** `undefined` if the client never learnt the outcome: it may have happened at any time since, or never. */
  readonly answered: { readonly answer: Answer; readonly atMs: number } | undefined
  /** It may have happened before this other call took effect, and not behind it. */
  readonly onlyBefore?: Call
}

/** A sequential specification: what each call does and answers when calls come one by one. */
export interface Model<State, Call, Answer> {
  readonly initial: State
  /**
   * The state after the call, the very same object where it changes nothing; `undefined` if the specification has
   * another answer than this one. An `undefined` answer is any answer.
   */
  step(state: State, call: Call, answer: Answer | undefined): State | undefined
  /** The same text for the same state, another for another. */
  key(state: State): string
  /** Whether `a` must stand before `b` for another reason than time, where both were answered. */
  precedes?(a: Call, b: Call): boolean
}

export interface Verdict<Call, Answer> {
  /** Given up: no one knows, since there was too much to try. */
  readonly kind: 'explained' | 'unexplained' | 'given up'
  /**
   * An order of the operations that respects real time and in which each is answered as specified; unless explained,
   * the longest that was found. Those without an answer stand in it only where they took effect.
   */
  readonly order: readonly Operation<Call, Answer>[]
}

/** Hundreds of times what it takes to explain a history of a few hundred operations. */
const MAX_DEAD_ENDS = 20_000

/**
 * Checks that a history is linearizable: Wing and Gong's search with Lowe's memory of the configurations that led
 * nowhere. An operation may come next if no other that still waits for its place was answered before it was called.
 *
 * @param history in the order in which operations are tried where several may come next.
 */
export function explain<State, Call, Answer>(
  model: Model<State, Call, Answer>,
  history: readonly Operation<Call, Answer>[],
): Verdict<Call, Answer> {
  type Op = Operation<Call, Answer>
  const answeredAt = history.map((op) => op.answered?.atMs ?? Infinity)
  const predecessors = history.map((op) => predecessorsOf(model, history, op))
  const ends = history.map(({ onlyBefore }) => history.findIndex(({ call }) => call === onlyBefore))
  const placed = history.map(() => false)
  const order: Op[] = []
  const deadEnds = new Set<string>()
  let longest: Op[] = []

  /** The first answer among those that wait for their place; infinite where all that were answered have theirs. */
  function firstAnswer(): number {
    return answeredAt.reduce((first, atMs, index) => (placed[index] === true ? first : Math.min(first, atMs)), Infinity)
  }

  function configuration(state: State): string {
    return `${BigInt(`0b${placed.map(Number).join('') || 0}`).toString(36)} ${model.key(state)}`
  }

  /** The operations that may come next, with their places in the history and the states after them. */
  function* nextAfter(state: State): Iterable<{ op: Op; index: number; next: State }> {
    const horizon = firstAnswer()
    for (const [index, op] of history.entries()) {
      if (placed[index] === true || op.calledAtMs > horizon) continue
      if (predecessors[index]?.some((other) => placed[other] !== true) === true) continue
      if (placed[ends[index] ?? -1] === true) continue
      const next = model.step(state, op.call, op.answered?.answer)
      // What got no answer and would change nothing needs no place.
      if (next !== undefined && (op.answered !== undefined || next !== state)) yield { op, index, next }
    }
  }

  function search(state: State): boolean {
    if (order.length > longest.length) longest = [...order]
    if (firstAnswer() === Infinity) return true
    const here = configuration(state)
    if (deadEnds.has(here) || deadEnds.size === MAX_DEAD_ENDS) return false
    for (const { op, index, next } of nextAfter(state)) {
      placed[index] = true
      order.push(op)
      if (search(next)) return true
      order.pop()
      placed[index] = false
      // What fits here and changes nothing can as well stand here as anywhere later, if it is no other's end.
      if (next === state && !ends.includes(index)) break
    }
    deadEnds.add(here)
    return false
  }

  if (search(model.initial)) return { kind: 'explained', order }
  return { kind: deadEnds.size === MAX_DEAD_ENDS ? 'given up' : 'unexplained', order: longest }
}

/** Where in the history those stand that must come before one, whatever the time. */
function predecessorsOf<State, Call, Answer>(
  model: Model<State, Call, Answer>,
  history: readonly Operation<Call, Answer>[],
  op: Operation<Call, Answer>,
): readonly number[] {
  if (op.answered === undefined) return []
  return history.flatMap((other, index) =>
    other.answered !== undefined && model.precedes?.(other.call, op.call) === true ? index : [],
  )
}
