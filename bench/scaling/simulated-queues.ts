/*
 * The parts that a discrete-event simulation is put together from: a clock that jumps from event to event, servers with a
 * queue before them, and locks. Time is in microseconds. Nothing here is random.
 */

type Action = () => void

interface Event {
  readonly at: number
  /** Of two events at one time that which was planned first comes first. */
  readonly order: number
  readonly action: Action
}

export interface Simulation {
  now(): number
  after(micros: number, action: Action): void
  /** Runs until nothing is planned before `until`. */
  run(until: number): void
}

/** A binary heap: the earliest event is on top. */
export function createSimulation(): Simulation {
  const heap: Event[] = []
  let now = 0
  let planned = 0

  const isBefore = (a: Event, b: Event) => a.at < b.at || (a.at === b.at && a.order < b.order)

  function push(event: Event): void {
    let at = heap.push(event) - 1
    while (at > 0) {
      const above = (at - 1) >>> 1
      const parent = heap[above]
      if (parent === undefined || !isBefore(event, parent)) break
      heap[at] = parent
      at = above
    }
    heap[at] = event
  }

  function pop(): Event | undefined {
    const [top] = heap
    const last = heap.pop()
    if (top === undefined || last === undefined || heap.length === 0) return top
    let at = 0
    for (;;) {
      let below = 2 * at + 1
      const [left, right] = [heap[below], heap[below + 1]]
      if (left === undefined) break
      let child = left
      if (right !== undefined && isBefore(right, left)) {
        child = right
        below += 1
      }
      if (!isBefore(child, last)) break
      heap[at] = child
      at = below
    }
    heap[at] = last
    return top
  }

  return {
    now: () => now,
    after(micros, action) {
      push({ at: now + Math.max(0, micros), order: planned++, action })
    },
    run(until) {
      for (let next = heap[0]; next !== undefined && next.at <= until; next = heap[0]) {
        pop()
        now = next.at
        next.action()
      }
      now = until
    },
  }
}

/** So many alike, with one queue, first come first served: the cores of a machine, say. */
export interface Servers {
  use(micros: number, done: Action): void
  /** All time that was spent in service so far. */
  busyMicros(): number
}

/** @param sliceMicros how long one may be served while others wait; then it goes to the end of the queue, as on a machine's cores. */
export function createServers(simulation: Simulation, count: number, sliceMicros = Number.POSITIVE_INFINITY): Servers {
  const waiting: { micros: number; done: Action }[] = []
  let head = 0
  let free = count
  let busy = 0

  function serve(micros: number, done: Action): void {
    free -= 1
    const slice = Math.min(micros, sliceMicros)
    simulation.after(slice, () => {
      busy += slice
      free += 1
      const left = micros - slice
      if (left > 0) waiting.push({ micros: left, done })
      const next = waiting[head]
      if (next !== undefined) {
        head += 1
        if (head > 1024 && head * 2 > waiting.length) head -= waiting.splice(0, head).length
        serve(next.micros, next.done)
      }
      if (left <= 0) done()
    })
  }

  return {
    use(micros, done) {
      if (free > 0) serve(micros, done)
      else waiting.push({ micros, done })
    },
    busyMicros: () => busy,
  }
}

/** Exclusive locks by number, first come first served. */
export interface Locks {
  take(id: number, taken: Action): void
  release(id: number): void
}

export function createLocks(): Locks {
  const held = new Map<number, Action[]>()
  return {
    take(id, taken) {
      const waiting = held.get(id)
      if (waiting !== undefined) waiting.push(taken)
      else {
        held.set(id, [])
        taken()
      }
    },
    release(id) {
      const next = held.get(id)?.shift()
      if (next === undefined) held.delete(id)
      else next()
    },
  }
}
