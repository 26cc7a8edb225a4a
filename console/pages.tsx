import { useEffect, useRef, useState } from 'preact/hooks'
import type { HistoryFilters, Transaction } from '../client/client.ts'
import { noteFailure } from './asked.tsx'
import { readPage } from './data.ts'

const PAGE = 100

/** A wallet's transactions, newest first, as far as they were read. For other filters it takes another component. */
export function usePages(userID: string, filters: HistoryFilters) {
  const [shown, setShown] = useState<readonly Transaction[]>([])
  /** `undefined`: the first page. */
  const [next, setNext] = useState<number | null | undefined>(undefined)
  const [error, setError] = useState<unknown>(undefined)
  const [busy, setBusy] = useState(true)
  const ending = useRef(new AbortController())

  /** At most 1000. Answers whether it could. */
  async function more(limit = PAGE): Promise<boolean> {
    const { signal } = ending.current
    setBusy(true)
    setError(undefined)
    try {
      const page = await readPage(userID, { ...filters, limit, ...(next && { IDBefore: next }) }, signal)
      setShown((before) => [...before, ...page.transactions])
      setNext(page.nextIDBefore)
    } catch (failure) {
      if (signal.aborted) return false
      noteFailure(failure)
      setError(failure)
      setBusy(false)
      return false
    }
    setBusy(false)
    return true
  }

  useEffect(() => {
    void more()
    return () => ending.current.abort()
  }, [])
  return { shown, next: next ?? null, error, busy, more }
}

interface MoreProps {
  readonly onReached: () => void
  readonly busy: boolean
  readonly failed: boolean
}

/** A button that presses itself when it comes into view; after a failure only a person does. */
export function More({ onReached, busy, failed }: MoreProps) {
  const button = useRef<HTMLButtonElement>(null)
  useEffect(() => {
    const { current } = button
    if (current === null || busy || failed) return
    const watch = new IntersectionObserver(([entry]) => {
      if (entry?.isIntersecting) onReached()
    })
    watch.observe(current)
    return () => watch.disconnect()
  })
  return (
    <button type="button" ref={button} disabled={busy} onClick={onReached}>
      Older transactions
    </button>
  )
}
