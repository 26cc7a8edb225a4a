import { hash } from 'node:crypto'
import { Webhook } from 'standardwebhooks'
import type { FeedPage } from '../../domain/feed.ts'
import { formatInstant } from '../../domain/rfc3339.ts'
import type { Transaction } from '../../domain/transaction.ts'

/** What is posted, but for when it is. */
export interface Message {
  readonly id: string
  readonly body: string
}

export const EVENT_TYPE = 'transactions.created'
const ID_CHARACTERS = 32
const MS_PER_S = 1000

/**
 * The message that a page makes: the same page makes the same one to the byte, whoever sends it and when. So its id comes from
 * what it holds, and its time is that of its last transaction.
 *
 * @param format writes the page as JSON.
 */
export function toMessage(page: FeedPage, format: (page: FeedPage) => string): Message {
  const [first, last] = [page.transactions[0], page.transactions.at(-1)]
  if (first === undefined || last === undefined) throw new RangeError('a message has at least one transaction')
  const timestamp = formatInstant(last.createdAt)
  return {
    id: `msg_${hash('sha256', JSON.stringify([nameOf(first), nameOf(last)]), 'hex').slice(0, ID_CHARACTERS)}`,
    body: `{"type":"${EVENT_TYPE}","timestamp":"${timestamp}","data":${format(page)}}`,
  }
}

/** With its wallet and its number there, since both halves of a transfer have one transaction ID. */
function nameOf({ userID, id, transactionID }: Transaction): readonly string[] {
  return [userID, String(id), transactionID]
}

/** Signs messages as Standard Webhooks has it, with each of the secrets. */
export function createSigner(
  secrets: readonly string[],
): (message: Message, nowMs: number) => Readonly<Record<string, string>> {
  const signers = secrets.map((secret) => new Webhook(secret))
  return ({ id, body }, nowMs) => ({
    'webhook-id': id,
    'webhook-timestamp': String(Math.floor(nowMs / MS_PER_S)),
    'webhook-signature': signers.map((signer) => signer.sign(id, new Date(nowMs), body)).join(' '),
  })
}
