import type { Test } from 'tap'
import { connectRaw, rawRequest } from '../support/http/raw-client.ts'
import { casesOf } from './cases.ts'
import { readOperations } from './document.ts'
import { createJudge } from './judge.ts'
import { startServiceUnderFuzz } from './service-under-fuzz.ts'
import { DEPOSITOR, encode, OWNERS } from './texts.ts'
import { createIssuedIDs } from './transaction-ids.ts'

/** How many cases there are in all: a request that is made from the document, or what is done on one connection. */
export const CASES = { fromDocument: 46_400, onSockets: 4160 } as const

const START_UNITS = 1_000_000

/** A service with the wallets of all owners, requests that are made from its own document, and a judge of their answers. */
export async function setUpFuzz(t: Test) {
  const service = await startServiceUnderFuzz(t)
  const client = await connectRaw(t, service.port)
  const ids = createIssuedIDs()
  for (const userID of [...OWNERS, DEPOSITOR]) {
    const wallet = `/api/v1/users/${encode(userID, /\w/)}/wallet`
    const deposit = { amount: START_UNITS, transactionID: ids.fresh(userID) }
    client.write(rawRequest('PUT', wallet))
    await client.answer()
    client.write(rawRequest('PUT', `${wallet}/deposit`, deposit))
    service.acknowledged(await client.answer())
  }
  client.write(rawRequest('GET', '/openapi.json'))
  const operations = readOperations((await client.answer()).body)
  client.end()
  const judge = createJudge(operations, { ids, owners: new Set(OWNERS) })
  return { service, ids, judge, cases: casesOf(operations, ids) }
}
