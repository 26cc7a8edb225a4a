import t from 'tap'
import { startHTTP } from '../support/http/http.ts'
import { isProblem } from '../support/http/problem.ts'
import { createWalletClient, openWith } from '../support/http/wallet-client.ts'

t.test('a withdrawal answers with the Withdrawal and lowers the balance, down to nothing', async (t) => {
  const client = createWalletClient((await startHTTP(t)).send)
  await openWith(client, 'ann', 10)
  const transactionID = await client.newID('ann')
  const answer = await client.withdraw('ann', 9, transactionID)
  t.equal(answer.status, 200)
  t.match(answer.body, { id: 2, transactionID, userID: 'ann', type: 2, amount: 9, balance: 1, passiveUserID: null })
  isProblem(t, await client.withdraw('ann', 2), 'INSUFFICIENT_BALANCE')
  isProblem(t, await client.withdraw('ann', Number.MAX_SAFE_INTEGER), 'INSUFFICIENT_BALANCE')
  t.match(await client.withdraw('ann', 1), { status: 200, body: { id: 3, balance: 0 } })
  isProblem(t, await client.withdraw('ann', 1), 'INSUFFICIENT_BALANCE')
  t.match(await client.wallet('ann'), { body: { balance: 0, version: 3 } })
})

t.test('of more withdrawals at once than there is money, as many succeed as it pays for', async (t) => {
  const client = createWalletClient((await startHTTP(t)).send)
  await openWith(client, 'ann', 10)
  const answers = await Promise.all(Array.from({ length: 30 }, () => client.withdraw('ann', 1)))
  t.equal(answers.filter(({ status }) => status === 200).length, 10)
  t.equal(answers.filter(({ body }) => body.code === 'INSUFFICIENT_BALANCE').length, 20)
  t.match(await client.wallet('ann'), { body: { balance: 0, version: 11 } })
})
