import t from 'tap'
import { HTTP_STORES } from '../support/http/http-stores.ts'
import { isProblem } from '../support/http/problem.ts'
import { createWalletClient, openWith, transactionsOf } from '../support/http/wallet-client.ts'

for (const [where, start] of HTTP_STORES) {
  t.test(`transfers ${where}`, async (t) => {
    const client = createWalletClient((await start(t)).send)

    t.test('both sides carry one transactionID and one createdAt; the caller gets the TransferOut', async (t) => {
      await openWith(client, 'ann', 10)
      await openWith(client, 'bob', 1)
      const transactionID = await client.newID('ann')
      const answer = await client.transfer('ann', 'bob', 10, transactionID)
      const { createdAt } = answer.body
      const both = { transactionID, amount: 10, createdAt }
      t.equal(answer.status, 200)
      t.same(answer.body, { ...both, id: 2, userID: 'ann', type: 4, balance: 0, passiveUserID: 'bob' })
      t.same(transactionsOf(await client.history('ann', '?limit=1')), [answer.body])
      t.same(transactionsOf(await client.history('bob', '?limit=1')), [
        { ...both, id: 2, userID: 'bob', type: 3, balance: 11, passiveUserID: 'ann' },
      ])
      t.match(await client.wallet('ann'), { body: { balance: 0, version: 2, updatedAt: createdAt } })
      t.match(await client.wallet('bob'), { body: { balance: 11, version: 2, updatedAt: createdAt } })
    })

    t.test('what is refused moves nothing on either side', async (t) => {
      await openWith(client, 'cat', 10)
      await openWith(client, 'rich', Number.MAX_SAFE_INTEGER)
      isProblem(t, await client.transfer('cat', 'rich', 1), 'BALANCE_LIMIT_EXCEEDED')
      isProblem(t, await client.transfer('cat', 'rich', 11), 'INSUFFICIENT_BALANCE')
      isProblem(t, await client.transfer('cat', 'nobody', 1), 'PASSIVE_WALLET_NOT_FOUND')
      isProblem(t, await client.transfer('cat', 'cat', 1), 'SELF_TRANSFER')
      isProblem(t, await client.transfer('nobody', 'cat', 1), 'WALLET_NOT_FOUND')
      t.match(await client.wallet('cat'), { body: { balance: 10, version: 1 } })
      t.match(await client.wallet('rich'), { body: { balance: Number.MAX_SAFE_INTEGER, version: 1 } })
      isProblem(t, await client.wallet('nobody'), 'WALLET_NOT_FOUND')
    })

    t.test('transfers both ways at once lose nothing and wait for no one for ever', async (t) => {
      await openWith(client, 'dan', 50)
      await openWith(client, 'eve', 50)
      const answers = await Promise.all(
        Array.from({ length: 60 }, (_, index) =>
          index % 2 === 0 ? client.transfer('dan', 'eve', 1) : client.transfer('eve', 'dan', 1),
        ),
      )
      t.ok(answers.every(({ status }) => status === 200))
      t.match(await client.wallet('dan'), { body: { balance: 50, version: 61 } })
      t.match(await client.wallet('eve'), { body: { balance: 50, version: 61 } })
    })
  })
}
