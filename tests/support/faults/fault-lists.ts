import type { Answer, Client } from '../process/service-client.ts'
import type { Movement } from './fault-load.ts'

/** A list as its client sent it; what was answered to its items is with them. */
export interface SentList {
  readonly atomic: boolean
  /** A movement that had been executed earlier and was sent at the head of the list once more. */
  readonly earlier: Movement | undefined
  /** In their order, with IDs that were never used before. */
  readonly items: readonly Movement[]
  /** What the earlier one was answered with this time. */
  earlierAgain: Answer | undefined
}

const TYPES = { deposit: 1, withdraw: 2, transfer: 4 } as const

/** Sends a list, and has an answer to each of its items, as if it had been sent alone; `undefined` for all if none came. */
export async function sendList(
  client: Client,
  list: SentList,
): Promise<{ readonly earlier: Answer | undefined; readonly items: readonly (Answer | undefined)[] }> {
  const { atomic, earlier, items } = list
  const sent = earlier === undefined ? items : [earlier, ...items]
  const whole = await client.call('PUT', '/api/v1/transactions', { atomic, transactions: sent.map(toItem) })
  const answers = answersIn(whole, sent.length)
  return earlier === undefined
    ? { earlier: undefined, items: answers }
    : { earlier: answers[0], items: answers.slice(1) }
}

/** A new transaction ID of one user for each item. */
export async function issueMany(client: Client, userID: string, count: number): Promise<readonly string[]> {
  const path = `/api/v1/users/${encodeURIComponent(userID)}/wallet/transactionIDs`
  const { status, text, body } = await client.call('POST', path, { count })
  if (status !== 201 || !Array.isArray(body.transactionIDs)) throw new Error(`no transaction IDs: ${status} ${text}`)
  return body.transactionIDs.map(String)
}

function toItem({ userID, kind, amount, passiveUserID, transactionID }: Movement): object {
  const item = { userID, type: TYPES[kind], amount, transactionID }
  return passiveUserID === null ? item : { ...item, passiveUserID }
}

/** What is not 200 as a whole is the answer to each item. */
function answersIn(whole: Answer, count: number): readonly Answer[] {
  const { results } = whole.body
  if (whole.status !== 200) return Array(count).fill(whole)
  if (!Array.isArray(results) || results.length !== count) throw new Error(`not ${count} results: ${whole.text}`)
  return results.map(({ status, replayed, transaction, problem }) => {
    const body = transaction ?? problem
    return { status, replayed, text: JSON.stringify(body), body }
  })
}
