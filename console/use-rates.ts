import { useState } from 'preact/hooks'
import { usePolling } from './asked.tsx'
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
  usePolling(read, EVERY_MS, (answer) => {
    if (answer.state === 'failed') return setError(answer.error)
    const reading = answer.value
    const rates = before && ratesBetween(before, reading)
    if (before !== undefined && rates === undefined) setRestarted(true)
    before = reading
    if (rates !== undefined) kept = [...kept, rates].slice(-KEPT)
    setHistory(kept)
    setError(undefined)
  })
  return { history, error, restarted }
}

async function read(signal: AbortSignal): Promise<Reading> {
  return { samples: await readFigures(signal), at: Date.now() / 1000 }
}
