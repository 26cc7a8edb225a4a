import t from 'tap'
import { startHTTP } from '../support/http/http.ts'
import { HTTP_STORES } from '../support/http/http-stores.ts'
import { createWalletClient, openWith, textOf } from '../support/http/wallet-client.ts'

t.test('a transaction ID is issued with the time until which it may be used', async (t) => {
  const client = createWalletClient((await startHTTP(t)).send)
  const answer = await client.issue('ann')
  t.equal(answer.status, 201)
  t.same(Object.keys(answer.body), ['transactionID', 'expiresAt'])
  t.match(textOf(answer.body, 'transactionID'), /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
  t.equal(answer.body.expiresAt, '2024-12-17T03:59:02.608558Z')
})

t.test('an ID dies no later than it was said to', async (t) => {
  const { send, clock } = await startHTTP(t)
  const client = createWalletClient(send)
  const { body } = await client.issue('ann')
  const id = textOf(body, 'transactionID')
  const lifeMs = Date.parse(textOf(body, 'expiresAt')) - Number(clock() / 1000n)
  clock.move(BigInt(lifeMs) * 1000n - 1000n)
  t.equal((await client.status('ann', id)).body.status, 'unused')
  clock.move(1000n)
  t.equal((await client.status('ann', id)).body.status, 'expired')
})

t.test('no two IDs are the same', async (t) => {
  const client = createWalletClient((await startHTTP(t)).send)
  const ids = await Promise.all(Array.from({ length: 1000 }, (_, index) => client.newID(`user ${index % 3}`)))
  t.equal(new Set(ids).size, ids.length)
})

for (const [where, start] of HTTP_STORES) {
  t.test(`the status of an ID states its outcome, ${where}`, async (t) => {
    const client = createWalletClient((await start(t)).send)
    await openWith(client, 'ann', 10)
    await client.open('bob')
    const [unused, executed, refused] = [
      await client.newID('ann'),
      await client.newID('ann'),
      await client.newID('ann'),
    ]
    const transfer = await client.transfer('ann', 'bob', 4, executed)
    const refusal = await client.withdraw('ann', 100, refused)
    t.same((await client.status('ann', unused)).body, { transactionID: unused, status: 'unused' })
    t.same((await client.status('ann', executed)).body, {
      transactionID: executed,
      status: 'executed',
      transaction: transfer.body,
    })
    t.same((await client.status('ann', refused)).body, {
      transactionID: refused,
      status: 'refused',
      refusal: { code: 'INSUFFICIENT_BALANCE', detail: refusal.body.detail },
    })
    t.equal((await client.status('bob', executed)).status, 422, 'the recipient did not obtain it')
  })
}
