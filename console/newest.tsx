import { useEffect, useState } from 'preact/hooks'
import { Failure, noteFailure } from './asked.tsx'
import { explain, followFeed, isProblem, readNewest } from './data.ts'
import { Rows, type Shown } from './rows.tsx'

/** As many as the service gives of the newest. */
const SHOWN = 20
/** On a busy ledger the list changes no more often than people can read. */
const PAUSE_MS = 500
const AGAIN_MS = 5000

/** The newest transactions of all wallets, newest first, as they come. */
export function Newest() {
  const [paused, setPaused] = useState(false)
  const { newest, error } = useNewest(paused)
  const unavailable = isProblem(error, 'FEED_UNAVAILABLE')
  return (
    <section aria-labelledby="newest" class="live">
      <div class="row">
        <h2 id="newest" class="small">
          Newest transactions
        </h2>
        {newest !== undefined && (
          <button type="button" aria-pressed={paused} onClick={() => setPaused(!paused)}>
            Pause
          </button>
        )}
      </div>
      {unavailable && <p class="quiet">There is no list of them on this database. {explain(error)}</p>}
      {error !== undefined && !unavailable && <Failure error={error} />}
      {newest === undefined && error === undefined && <p class="quiet">Loading …</p>}
      {newest?.length === 0 && <p class="quiet">There is no transaction yet.</p>}
      {newest !== undefined && newest.length > 0 && <Rows transactions={newest} of="ledger" />}
    </section>
  )
}

function useNewest(paused: boolean) {
  const [newest, setNewest] = useState<readonly Shown[] | undefined>(undefined)
  const [error, setError] = useState<unknown>(undefined)
  useEffect(() => {
    if (paused) return
    const ending = new AbortController()
    const { signal } = ending

    async function follow(): Promise<never> {
      for (;;) {
        const { transactions, next } = await readNewest(signal)
        setNewest(transactions.toReversed())
        setError(undefined)
        for await (const { transactions: more } of followFeed(next, SHOWN, signal)) {
          // There may be many more than are shown: on from the end, past what no one will see.
          if (more.length === SHOWN) break
          setNewest((before = []) => [...more.toReversed(), ...before].slice(0, SHOWN))
          await pause(PAUSE_MS)
        }
        await pause(PAUSE_MS)
      }
    }

    async function keepFollowing(): Promise<void> {
      while (!signal.aborted) {
        const failure = await follow().catch((reason: unknown) => reason)
        if (signal.aborted) return
        noteFailure(failure)
        setError(failure)
        if (isProblem(failure, 'FEED_UNAVAILABLE')) return
        await pause(AGAIN_MS)
      }
    }
    void keepFollowing()
    return () => ending.abort()
  }, [paused])
  return { newest, error }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
