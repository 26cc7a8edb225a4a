import { readManyIssued, readOutcomes, TransactionType } from './answers.ts'
import type { Path } from './api-types.ts'
import { type Answer, isOK, type Outgoing, type Transport, unlessAborted } from './transport.ts'

/*
 * Requests for transaction IDs and movements that are sent in one turn of the event loop go as few requests, and each is given
 * the answer that it would have had alone. Repetitions, deadlines and errors are made of single answers, in exchange.ts, as if there
 * were no gathering; a repetition comes here again.
 */

/** As many as the service takes at once, in number and, with what stands around them, in bytes. */
const MAX_TOGETHER = 1000
const MAX_BYTES = 512 * 1024 - 64

const TRANSACTIONS = '/api/v1/transactions' satisfies Path
/** The path of what can go together: who acts, and what is done. */
const GATHERED = /^\/api\/v1\/users\/([^/]+)\/wallet\/(deposit|withdraw|transfer|transactionID)$/
const TYPES: Readonly<Record<string, number>> = {
  deposit: TransactionType.Deposit,
  withdraw: TransactionType.Withdrawal,
  transfer: TransactionType.TransferOut,
}

/** A request that waits for the others of its turn. */
interface Waiting {
  readonly outgoing: Outgoing
  /** Of a movement: the item of a list that says the same. */
  readonly item: string
  readonly bytes: number
  readonly resolve: (answer: Answer | Promise<Answer>) => void
  readonly reject: (error: unknown) => void
}

export function gathering(send: Transport): Transport {
  /** By what must be the same in requests that go together. */
  let groups = new Map<string, Waiting[]>()

  function flush(): void {
    const all = groups.values()
    groups = new Map()
    for (const group of all) for (const part of split(group)) sendTogether(part)
  }

  function sendTogether(waiting: readonly Waiting[]): void {
    const members = waiting.filter(({ outgoing }) => !outgoing.signal.aborted)
    const [first, second] = members
    if (first === undefined) return
    if (second === undefined) {
      first.resolve(send(first.outgoing))
      return
    }
    const request = first.item === '' ? askForMany(first.outgoing, members.length) : list(first.outgoing, members)
    send({ ...request, signal: endedByAll(members) })
      .then((answer) => {
        if (isMalformed(answer)) {
          inHalves(members)
          return
        }
        const answers = isOK(answer) ? shares(answer, members) : members.map(() => answer)
        for (const [index, { resolve, reject }] of members.entries()) {
          const own = answers[index]
          if (own === undefined) reject(new Error('no answer for this one'))
          else resolve(own)
        }
      })
      .catch((error: unknown) => {
        for (const { reject } of members) reject(error)
      })
  }

  /** Nothing was done since one of them is wrong: in the end that one is sent alone, and told so by its own route. */
  function inHalves(members: readonly Waiting[]): void {
    const middle = members.length / 2
    sendTogether(members.slice(0, middle))
    sendTogether(members.slice(middle))
  }

  return (outgoing) => {
    const [, segment = '', what = ''] = GATHERED.exec(outgoing.path) ?? []
    if (segment === '' || outgoing.method === 'GET') return send(outgoing)
    const { authorization = '' } = outgoing.headers
    const type = TYPES[what]
    const item = type === undefined ? '' : toItem(outgoing, decodeURIComponent(segment), type)
    const key = type === undefined ? `${outgoing.path} ${authorization}` : authorization
    const answer = new Promise<Answer>((resolve, reject) => {
      if (groups.size === 0) setTimeout(flush)
      const group = groups.get(key) ?? []
      groups.set(key, group)
      group.push({ outgoing, item, bytes: new TextEncoder().encode(item).length + 1, resolve, reject })
    })
    return unlessAborted(answer, outgoing.signal)
  }
}

function split(group: readonly Waiting[]): readonly (readonly Waiting[])[] {
  const parts: Waiting[][] = []
  let bytes = 0
  for (const each of group) {
    const last = parts.at(-1)
    bytes += each.bytes
    if (last !== undefined && last.length < MAX_TOGETHER && bytes <= MAX_BYTES) last.push(each)
    else {
      parts.push([each])
      bytes = each.bytes
    }
  }
  return parts
}

/** The body of a movement with what its route and its headers say. */
function toItem({ body = '{}', headers }: Outgoing, userID: string, type: number): string {
  const version = headers['if-match']?.slice(1, -1)
  const condition = version === undefined ? '' : `"ifVersion":${version},`
  return `{"userID":${JSON.stringify(userID)},"type":${type},${condition}${body.slice(1)}`
}

function list({ method, headers }: Outgoing, members: readonly Waiting[]): Omit<Outgoing, 'signal'> {
  const { 'if-match': _, ...rest } = headers
  return {
    ...{ method, headers: rest, path: TRANSACTIONS },
    body: `{"transactions":[${members.map(({ item }) => item).join()}]}`,
  }
}

function askForMany({ method, path, headers }: Outgoing, count: number): Omit<Outgoing, 'signal'> {
  return {
    ...{ method, path: `${path}s` },
    headers: { ...headers, 'content-type': 'application/json' },
    body: JSON.stringify({ count }),
  }
}

/** @throws {UnreadableAnswer} */
function shares(answer: Answer, members: readonly Waiting[]): readonly Answer[] {
  if (members[0]?.item !== '')
    return readOutcomes(answer.body, members.length).map(({ status, body }) => ({ ...answer, status, body }))
  const { transactionIDs, expiresAt } = readManyIssued(answer.body, members.length)
  return transactionIDs.map((transactionID) => ({ ...answer, body: { transactionID, expiresAt } }))
}

function isMalformed({ status }: Answer): boolean {
  return status === 400 || status === 413
}

/** Aborted when all of them are: as long as one waits, the others' answers come along. */
function endedByAll(members: readonly Waiting[]): AbortSignal {
  const ending = new AbortController()
  let left = members.length
  for (const { outgoing } of members)
    outgoing.signal.addEventListener('abort', () => {
      left -= 1
      if (left === 0) ending.abort(outgoing.signal.reason)
    })
  return ending.signal
}
