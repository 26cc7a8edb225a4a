import type { Answer, Body, Call, Send } from './http.ts'

export type Kind = 'deposit' | 'withdraw' | 'transfer'

/** The routes by name, over any {@link Send}. */
export interface WalletClient {
  open(userID: string): Promise<Answer>
  wallet(userID: string): Promise<Answer>
  issue(userID: string): Promise<Answer>
  /** A new transaction ID. */
  newID(userID: string): Promise<string>
  status(userID: string, transactionID: string): Promise<Answer>
  /** A write as the body says. */
  put(userID: string, kind: Kind, body: Call['body']): Promise<Answer>
  deposit(userID: string, amount: number, transactionID?: string): Promise<Answer>
  withdraw(userID: string, amount: number, transactionID?: string): Promise<Answer>
  transfer(userID: string, passiveUserID: string, amount: number, transactionID?: string): Promise<Answer>
  history(userID: string, query?: string): Promise<Answer>
  statement(userID: string, from: string, to: string): Promise<Answer>
  /** Many new transaction IDs. */
  newIDs(userID: string, count: number): Promise<string[]>
  list(transactions: readonly unknown[], more?: object): Promise<Answer>
  setState(userID: string, state: string, reason?: string): Promise<Answer>
}

export function walletPath(userID: string): string {
  return `/api/v1/users/${encodeURIComponent(userID)}/wallet`
}

/** The routes of the contract for one user, with a well-formed transaction ID. */
export const API_PATHS: Readonly<Record<string, readonly string[]>> = {
  [walletPath('u')]: ['GET', 'PUT'],
  [`${walletPath('u')}/transactionID`]: ['POST'],
  [`${walletPath('u')}/transactionID/00000000-0000-8000-8000-000000000000`]: ['GET'],
  [`${walletPath('u')}/deposit`]: ['PUT'],
  [`${walletPath('u')}/withdraw`]: ['PUT'],
  [`${walletPath('u')}/transfer`]: ['PUT'],
  [`${walletPath('u')}/transactions`]: ['GET'],
  [`${walletPath('u')}/events`]: ['GET'],
  [`${walletPath('u')}/statement`]: ['GET'],
  [`${walletPath('u')}/transactionIDs`]: ['POST'],
  [`${walletPath('u')}/state`]: ['PUT'],
  '/api/v1/transactions': ['GET', 'PUT'],
}

export function createWalletClient(send: Send): WalletClient {
  async function newID(userID: string): Promise<string> {
    const answer = await client.issue(userID)
    return textOf(answer.body, 'transactionID')
  }

  const client: WalletClient = {
    open: (userID) => send({ method: 'PUT', path: walletPath(userID) }),
    wallet: (userID) => send({ method: 'GET', path: walletPath(userID) }),
    issue: (userID) => send({ method: 'POST', path: `${walletPath(userID)}/transactionID` }),
    newID,
    status: (userID, id) => send({ method: 'GET', path: `${walletPath(userID)}/transactionID/${id}` }),
    put: (userID, kind, body) => send({ method: 'PUT', path: `${walletPath(userID)}/${kind}`, body }),
    deposit: async (userID, amount, id) =>
      client.put(userID, 'deposit', { amount, transactionID: id ?? (await newID(userID)) }),
    withdraw: async (userID, amount, id) =>
      client.put(userID, 'withdraw', { amount, transactionID: id ?? (await newID(userID)) }),
    transfer: async (userID, passiveUserID, amount, id) =>
      client.put(userID, 'transfer', { passiveUserID, amount, transactionID: id ?? (await newID(userID)) }),
    async newIDs(userID, count) {
      const { body } = await send({ method: 'POST', path: `${walletPath(userID)}/transactionIDs`, body: { count } })
      if (!Array.isArray(body.transactionIDs)) throw new Error(`no IDs in ${JSON.stringify(body)}`)
      return body.transactionIDs
    },
    list: (transactions, more = {}) =>
      send({ method: 'PUT', path: '/api/v1/transactions', body: { ...more, transactions } }),
    setState: (userID, state, reason = 'a reason') =>
      send({ method: 'PUT', path: `${walletPath(userID)}/state`, body: { state, reason } }),
    statement: (userID, from, to) =>
      send({ method: 'GET', path: `${walletPath(userID)}/statement?${new URLSearchParams({ from, to })}` }),
    history: (userID, query = '') => send({ method: 'GET', path: `${walletPath(userID)}/transactions${query}` }),
  }
  return client
}

/** A wallet that is open and holds `units`. */
export async function openWith(client: WalletClient, userID: string, units = 0): Promise<void> {
  await client.open(userID)
  if (units > 0) await client.deposit(userID, units)
}

/** The results of a list, each in short: its code if it was not executed. */
export function codesOf({ body, text }: Answer): unknown[] {
  if (!Array.isArray(body.results)) throw new Error(`no results in ${text}`)
  return body.results.map(({ status, replayed, problem }) => `${replayed ? 'REPLAYED ' : ''}${problem?.code ?? status}`)
}

/** A field that must be text. */
export function textOf(body: Body, field: string): string {
  const value = body[field]
  if (typeof value !== 'string') throw new Error(`${field} is no text in ${JSON.stringify(body)}`)
  return value
}

/** The transactions of a page of history. */
export function transactionsOf(answer: Answer): Body[] {
  const { transactions } = answer.body
  if (!Array.isArray(transactions)) throw new Error(`no transactions in ${answer.text}`)
  return transactions
}

/** What a Link header names as the next page, relative to the page. */
export function nextOf(link: string | undefined): string {
  return /^<([^>]+)>; rel="next"$/.exec(link ?? '')?.[1] ?? ''
}

export function idsOf(answer: Answer): unknown[] {
  return transactionsOf(answer).map(({ id }) => id)
}
