import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { fromMilliseconds } from '../src/domain/instant.ts'
import { toUserID } from '../src/domain/user-id.ts'
import type { TransactionIDs } from '../src/ports/transaction-ids.ts'

/** Draws the numbers of wallets, 1 to the number that there are. */
export type PickWallet = () => number

export function uniform(wallets: number, random: () => number): PickWallet {
  return () => 1 + Math.floor(random() * wallets)
}

/** Wallet k is drawn in proportion to 1 / k. */
export function zipf(wallets: number, random: () => number): PickWallet {
  const cumulative = new Float64Array(wallets)
  let sum = 0
  for (let k = 0; k < wallets; k += 1) {
    sum += 1 / (k + 1)
    cumulative[k] = sum
  }
  return () => {
    const wanted = random() * sum
    let low = 0
    let high = wallets - 1
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((cumulative[middle] ?? sum) < wanted) low = middle + 1
      else high = middle
    }
    return low + 1
  }
}

export interface TransferRequest {
  readonly path: string
  readonly body: string
}

/** Transfers of one unit between two different wallets, each with an ID of its own. */
export function createTransfers(pick: PickWallet, ids: TransactionIDs): () => TransferRequest {
  return () => {
    const { active, passive, transactionID } = drawTransfer(pick, ids)
    return {
      path: `/api/v1/users/user-${active}/wallet/transfer`,
      body: `{"passiveUserID":"user-${passive}","amount":1,"transactionID":"${transactionID}"}`,
    }
  }
}

/** Lists of such transfers. */
export function createLists(pick: PickWallet, ids: TransactionIDs, size: number): () => TransferRequest {
  const nextItem = () => {
    const { active, passive, transactionID } = drawTransfer(pick, ids)
    return `{"userID":"user-${active}","type":4,"amount":1,"passiveUserID":"user-${passive}","transactionID":"${transactionID}"}`
  }
  return () => ({
    path: '/api/v1/transactions',
    body: `{"transactions":[${Array.from({ length: size }, nextItem).join(',')}]}`,
  })
}

function drawTransfer(pick: PickWallet, ids: TransactionIDs) {
  const active = pick()
  let passive = pick()
  while (passive === active) passive = pick()
  return { active, passive, transactionID: ids.issue(toUserID(`user-${active}`), fromMilliseconds(Date.now())) }
}

/** One request a line, for wrk. */
export async function writeRequests(file: string, count: number, next: () => TransferRequest): Promise<void> {
  const out = createWriteStream(file)
  for (let n = 0; n < count; n += 1) {
    const { path, body } = next()
    if (!out.write(`${path}\t${body}\n`)) await once(out, 'drain')
  }
  out.end()
  await once(out, 'finish')
}
