import { createServer } from 'node:http'
import type { Test } from 'tap'
import { listenOnFreePort } from '../listen.ts'

const CREATED_AT = '2024-12-16T03:59:02.608558Z'
const ID = '0193cdb2-1d20-8a3f-9c41-5f0e6b7a8c9d'

/** A history that is said to go on for ever, or up to a page that is to be had in an hour; with what it was asked for. */
export async function startLongHistory(t: Test, lastPage = Number.POSITIVE_INFINITY) {
  const asked: URLSearchParams[] = []
  const server = createServer(({ url = '' }, response) => {
    const { searchParams } = new URL(url, 'http://service')
    asked.push(searchParams)
    if (asked.length > lastPage) return void response.writeHead(503, { 'retry-after': '3600' }).end()
    const before = Number(searchParams.get('IDBefore') ?? Number.MAX_SAFE_INTEGER)
    const transactions = Array.from({ length: Number(searchParams.get('limit')) }, (_, index) => ({
      ...{ id: before - 1 - index, transactionID: ID, userID: 'ann', type: 1, amount: 1, balance: 1 },
      ...{ passiveUserID: null, createdAt: CREATED_AT },
    }))
    response.end(JSON.stringify({ transactions, nextIDBefore: transactions.at(-1)?.id ?? null }))
  })
  return { asked, env: { WALLET_URL: await listenOnFreePort(t, server) } }
}
