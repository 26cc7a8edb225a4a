import { useEffect, useState } from 'preact/hooks'
import { noteFailure } from './asked.tsx'
import { readFigures } from './data.ts'
import { type Rates, type Reading, ratesBetween } from './rates.ts'

export const EVERY_MS = 2000
/** Five minutes. */
const KEPT = 150

/** What was read since the console was opened, kept from one of its pages to the next. */
let before: Reading | undefined
let kept: readonly Rates[] = []

/** What the service did in the last minutes, read again and again while it is shown. */
export function useRates() {
  const [history, setHistory] = useState(kept)
  const [error, setError] = useState<unknown>(undefined)
  const [restarted, setRestarted] = useState(false)
  useEffect(() => {
    const ending = new AbortController()
    let timer = 0

    async function look(): Promise<void> {
      try {
        const reading = { samples: await readFigures(ending.signal), at: Date.now() / 1000 }
        const rates = before && ratesBetween(before, reading)
        if (before !== undefined && rates === undefined) setRestarted(true)
        before = reading
        if (rates !== undefined) kept = [...kept, rates].slice(-KEPT)
        setHistory(kept)
        setError(undefined)
      } catch (failure) {
        if (ending.signal.aborted) return
        noteFailure(failure)
        setError(failure)
      }
      timer = window.setTimeout(look, EVERY_MS)
    }
    void look()
    return () => {
      ending.abort()
      clearTimeout(timer)
    }
  }, [])
  return { history, error, restarted }
}
