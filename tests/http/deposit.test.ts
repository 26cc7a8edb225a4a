import t from 'tap'
import { startHTTP } from '../support/http/http.ts'
import { isProblem } from '../support/http/problem.ts'
import { createWalletClient, openWith } from '../support/http/wallet-client.ts'

const MAX = Number.MAX_SAFE_INTEGER

t.test('a deposit answers with the Deposit and raises the balance', async (t) => {
  const client = createWalletClient((await startHTTP(t)).send)
  await openWith(client, 'ann', 7)
  const transactionID = await client.newID('ann')
  const answer = await client.deposit('ann', 2_500_000, transactionID)
  t.equal(answer.status, 200)
  t.same(answer.body, {
    id: 2,
    transactionID,
    userID: 'ann',
    type: 1,
    amount: 2_500_000,
    balance: 2_500_007,
    passiveUserID: null,
    createdAt: '2024-12-16T03:59:02.608560Z',
  })
  t.match(await client.wallet('ann'), { body: { balance: 2_500_007, version: 2, updatedAt: answer.body.createdAt } })
})

t.test('a balance reaches 2^53 - 1, exact to the unit, and never passes it', async (t) => {
  const client = createWalletClient((await startHTTP(t)).send)
  await openWith(client, 'ann', MAX - 1)
  isProblem(t, await client.deposit('ann', 2), 'BALANCE_LIMIT_EXCEEDED')
  isProblem(t, await client.deposit('ann', MAX), 'BALANCE_LIMIT_EXCEEDED')
  t.match((await client.deposit('ann', 1)).text, `"balance":${MAX},`)
  isProblem(t, await client.deposit('ann', 1), 'BALANCE_LIMIT_EXCEEDED')
  t.match(await client.wallet('ann'), { body: { balance: MAX, version: 2 } })
})

t.test('a user without a wallet cannot deposit', async (t) => {
  const client = createWalletClient((await startHTTP(t)).send)
  isProblem(t, await client.deposit('ann', 1), 'WALLET_NOT_FOUND')
  isProblem(t, await client.wallet('ann'), 'WALLET_NOT_FOUND')
})
