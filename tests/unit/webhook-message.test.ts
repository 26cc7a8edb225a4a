import { Webhook } from 'standardwebhooks'
import t from 'tap'
import { formatFeedPage } from '../../src/adapters/fastify/feed-page.ts'
import { createMemoryWalletStore } from '../../src/adapters/memory/wallet-store.ts'
import { createSigner, toMessage } from '../../src/adapters/webhook/message.ts'
import { FEED_START, type FeedPage } from '../../src/domain/feed.ts'
import { type Metadata, type Reference, toNote } from '../../src/domain/note.ts'
import { ANN, BOB, command, deposit, transact, transfer } from '../contract/store-calls.ts'
import { NOW } from '../support/domain-builders.ts'
import { startHTTP } from '../support/http/http.ts'
import { createWalletClient } from '../support/http/wallet-client.ts'

const SECRET = `whsec_${Buffer.alloc(32, 'secret').toString('base64')}`
const OTHER = `whsec_${Buffer.alloc(32, 'other').toString('base64')}`

async function someFeed() {
  const store = createMemoryWalletStore(() => NOW)
  await store.open([ANN, BOB])
  const note = toNote('rent, “Dec”' as Reference, '{"flat":"3"}' as Metadata)
  await transact(
    store,
    command(ANN, deposit(9_007_199_254_740_991n)),
    command(ANN, { ...transfer(BOB, 2n), ...(note && { note }) }),
  )
  return async (limit: number, after = FEED_START): Promise<FeedPage> => {
    const answer = await store.feed({ after, limit })
    if (answer.kind !== 'page') throw new Error('there is no page')
    return answer.page
  }
}

t.test(
  'a message is the page of the feed, to the byte, with a type and the time of its last transaction',
  async (t) => {
    const { send } = await startHTTP(t)
    const client = createWalletClient(send)
    await client.open('ann')
    await client.deposit('ann', 5)
    const transactionID = await client.newID('ann')
    const body = { amount: 1, transactionID, reference: 'rent', metadata: { flat: '3\n"4"' } }
    await send({ method: 'PUT', path: '/api/v1/users/ann/wallet/withdraw', body })
    const { text } = await send({ method: 'GET', path: '/api/v1/transactions' })
    const store = await someFeed()
    const page = await store(100)
    const message = JSON.parse(toMessage(page, () => text).body)
    t.match(message, { type: 'transactions.created', timestamp: '2024-12-16T03:59:02.608560Z', data: JSON.parse(text) })
    t.strictSame(Object.keys(message), ['type', 'timestamp', 'data'])
    const written = JSON.parse(formatFeedPage(page))
    t.match(written, {
      transactions: [
        { userID: 'ann', id: 1, type: 1, amount: 9_007_199_254_740_991, passiveUserID: null },
        { userID: 'ann', id: 2, type: 4, reference: 'rent, “Dec”', metadata: { flat: '3' } },
        { userID: 'bob', id: 1, type: 3, reference: 'rent, “Dec”' },
      ],
      next: /^[\w-]+$/,
    })
    t.strictSame(
      written.transactions.map(Object.keys).map((keys: string[]) => keys.slice(0, 8)),
      Array(3).fill(Object.keys(JSON.parse(text).transactions[0])),
      'the same keys in the same order as the route has them',
    )
  },
)

t.test('the same page makes the same message, and another page one with another id', async (t) => {
  const feed = await someFeed()
  const all = await feed(3)
  t.strictSame(toMessage(all, formatFeedPage), toMessage(await feed(3), formatFeedPage))
  const first = await feed(1)
  const pages = [all, first, await feed(2), await feed(1, first.next), await feed(2, first.next)]
  const ids = pages.map((page) => toMessage(page, formatFeedPage).id)
  t.equal(new Set(ids).size, pages.length)
  for (const id of ids) t.match(id, /^msg_[0-9a-f]{32}$/)
})

t.test('its signature is that of Standard Webhooks, for each of the secrets', async (t) => {
  const message = toMessage(await (await someFeed())(3), formatFeedPage)
  const sent = createSigner([SECRET, OTHER])(message, Date.now())
  t.match(sent, { 'webhook-id': message.id, 'webhook-signature': /^v1,\S{44} v1,\S{44}$/ })
  for (const secret of [SECRET, OTHER])
    t.strictSame(new Webhook(secret).verify(message.body, { ...sent }), JSON.parse(message.body))
  const third = new Webhook(`whsec_${Buffer.alloc(32, 'third').toString('base64')}`)
  t.throws(() => third.verify(message.body, { ...sent }), /No matching signature/)
  t.throws(() => new Webhook(SECRET).verify(message.body.replace('2', '3'), { ...sent }), /No matching signature/)
})
