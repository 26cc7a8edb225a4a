import type { Test } from 'tap'
import type { SentList } from './fault-lists.ts'
import type { Movement } from './fault-load.ts'

type Ledger = ReadonlyMap<string, Readonly<Record<string, unknown>>>

/** Of an atomic list all is there that is new, or nothing; and it is there exactly if its client was told so. */
export function checkAtomicLists(
  t: Test,
  lists: readonly SentList[],
  ledger: Ledger,
  when: string,
): { readonly whole: number } {
  const atomic = lists.filter((list) => list.atomic)
  const isThere = ({ transactionID }: Movement) => ledger.has(transactionID)
  const half = atomic.filter(({ items }) => items.some(isThere) && !items.every(isThere))
  t.strictSame(half, [], `no atomic list is half there ${when}`)
  const toldByHalves = atomic.filter(({ items }) => {
    const told = items.flatMap(({ answer }) => (answer === undefined || answer.status === 503 ? [] : [answer.status]))
    return told.includes(200) && told.some((status) => status !== 200)
  })
  t.strictSame(toldByHalves, [], `and no client was told so ${when}`)
  return { whole: atomic.filter(({ items }) => items.every(isThere)).length }
}

/** What one user did in one list, in the order of their transactions. */
export function checkOrderOfLists(t: Test, lists: readonly SentList[], ledger: Ledger): void {
  const disordered = lists.filter(({ items }) => {
    const last = new Map<string, number>()
    return items.some(({ userID, transactionID }) => {
      const row = ledger.get(transactionID)
      if (row === undefined) return false
      const isBehind = Number(row.id) < (last.get(userID) ?? 0)
      last.set(userID, Number(row.id))
      return isBehind
    })
  })
  t.strictSame(disordered, [], 'what shares a wallet happened in the order of its list')
}

/** What had been executed before a list repeated it is told as it was told then. */
export function checkRepeats(t: Test, lists: readonly SentList[]): void {
  const wrong = lists.filter(({ earlier, earlierAgain: again }) => {
    if (earlier === undefined || again === undefined || again.status === 503) return false
    return !again.replayed || again.text !== earlier.answer?.text
  })
  t.strictSame(wrong, [], 'a movement repeated in a list has the outcome that it had alone')
}
