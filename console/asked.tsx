import type { ComponentChildren } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { explain, isDenied } from './data.ts'

/** What became of a question to the service. */
export type Asked<Value> = { readonly state: 'waiting' } | Settled<Value>

type Settled<Value> =
  | { readonly state: 'answered'; readonly value: Value }
  | { readonly state: 'failed'; readonly error: unknown }

/** Told when the service wants a token, or another one. */
let tellDenied = () => {}

export function onDenied(tell: () => void): void {
  tellDenied = tell
}

export function noteFailure(error: unknown): void {
  if (isDenied(error)) tellDenied()
}

/** Asks whenever `about` changes; the answer to an earlier question is not waited for any more. */
export function useAsked<Value>(ask: (signal: AbortSignal) => Promise<Value>, about: readonly unknown[]): Asked<Value> {
  const [asked, setAsked] = useState<Asked<Value>>({ state: 'waiting' })
  useEffect(() => {
    const ending = new AbortController()
    setAsked({ state: 'waiting' })
    ask(ending.signal).then(
      (value) => {
        if (!ending.signal.aborted) setAsked({ state: 'answered', value })
      },
      (error: unknown) => {
        if (ending.signal.aborted) return
        noteFailure(error)
        setAsked({ state: 'failed', error })
      },
    )
    return () => ending.abort()
  }, about)
  return asked
}

/** Asks again and again while it is shown, and tells each answer. */
export function usePolling<Value>(
  ask: (signal: AbortSignal) => Promise<Value>,
  everyMs: number,
  tell: (answer: Settled<Value>) => void,
): void {
  useEffect(() => {
    const ending = new AbortController()
    let timer = 0

    async function look(): Promise<void> {
      const answer = await ask(ending.signal).then(
        (value): Settled<Value> => ({ state: 'answered', value }),
        (error: unknown): Settled<Value> => ({ state: 'failed', error }),
      )
      if (ending.signal.aborted) return
      if (answer.state === 'failed') noteFailure(answer.error)
      tell(answer)
      timer = window.setTimeout(look, everyMs)
    }
    void look()
    return () => {
      ending.abort()
      clearTimeout(timer)
    }
  }, [])
}

/** Asks again and again; an answer stays until the next one. */
export function usePolled<Value>(ask: (signal: AbortSignal) => Promise<Value>, everyMs: number): Asked<Value> {
  const [asked, setAsked] = useState<Asked<Value>>({ state: 'waiting' })
  usePolling(ask, everyMs, setAsked)
  return asked
}

interface AnswerProps<Value> {
  readonly asked: Asked<Value>
  readonly children: (value: Value) => ComponentChildren
}

/** The answer, or why there is none. */
export function Answer<Value>({ asked, children }: AnswerProps<Value>) {
  switch (asked.state) {
    case 'waiting':
      return (
        <p class="quiet" role="status">
          Loading …
        </p>
      )
    case 'failed':
      return <Failure error={asked.error} />
    case 'answered':
      return <>{children(asked.value)}</>
    default:
      return asked satisfies never
  }
}

export function Failure({ error }: { readonly error: unknown }) {
  return (
    <p class="failure" role="alert">
      {explain(error)}
    </p>
  )
}
