import t, { type Test } from 'tap'
import { HTTP_STORES } from '../support/http/http-stores.ts'
import { isProblem } from '../support/http/problem.ts'
import {
  createWalletClient,
  idsOf,
  nextOf,
  openWith,
  textOf,
  transactionsOf,
  type WalletClient,
  walletPath,
} from '../support/http/wallet-client.ts'

const LENGTH = 25

/** Ids rise from 1; every fifth is a transfer, the others are deposits. */
async function fill(client: WalletClient): Promise<void> {
  await openWith(client, 'ann')
  await client.open('bob')
  for (let id = 1; id <= LENGTH; id += 1)
    if (id % 5 === 0) await client.transfer('ann', 'bob', 1)
    else await client.deposit('ann', id)
}

for (const [where, start] of HTTP_STORES) {
  t.test(`history ${where}`, async (t) => {
    const { send } = await start(t)
    const client = createWalletClient(send)
    await fill(client)
    const all = transactionsOf(await client.history('ann'))

    async function follow(t: Test, query: string): Promise<unknown[]> {
      const ids: unknown[] = []
      let answer = await client.history('ann', query)
      for (let pages = 0; pages < LENGTH + 2; pages += 1) {
        ids.push(...idsOf(answer))
        const { nextIDBefore } = answer.body
        const link = answer.headers.link
        if (nextIDBefore === null) {
          t.equal(link, undefined, 'the last page has no Link')
          return ids
        }
        const url = new URL(nextOf(link), `http://x${walletPath('ann')}/transactions`)
        t.equal(url.searchParams.get('IDBefore'), String(nextIDBefore))
        const kept = new URLSearchParams(query)
        kept.delete('IDBefore')
        for (const name of kept.keys()) t.same(url.searchParams.getAll(name), kept.getAll(name), `${name} is kept`)
        answer = await send({ method: 'GET', path: `${url.pathname}${url.search}` })
        t.equal(answer.status, 200)
      }
      throw new Error('the pages do not end')
    }

    t.test('it is newest first and whole, with every field', async (t) => {
      t.same(
        all.map(({ id }) => id),
        Array.from({ length: LENGTH }, (_, index) => LENGTH - index),
      )
      t.same(Object.keys(all[0] ?? {}), [
        'id',
        'transactionID',
        'userID',
        'type',
        'amount',
        'balance',
        'passiveUserID',
        'createdAt',
      ])
      t.match(all[0], { userID: 'ann', type: 4, amount: 1, passiveUserID: 'bob' })
      t.match(all[1], { type: 1, amount: 24, passiveUserID: null })
      const mirrored = transactionsOf(await client.history('bob'))
      t.match(mirrored[0], {
        id: 5,
        type: 3,
        passiveUserID: 'ann',
        transactionID: all[0]?.transactionID,
        createdAt: all[0]?.createdAt,
      })
    })

    t.test('following Link gives every transaction once, with the filters kept', async (t) => {
      const middle = encodeURIComponent(textOf(all[12] ?? {}, 'createdAt'))
      const whole = all.map(({ id }) => Number(id))
      for (const [query, expected] of [
        ['?limit=1', whole],
        ['?limit=7', whole],
        ['?limit=25', whole],
        ['?limit=1000', whole],
        ['?limit=4&IDBefore=11', whole.filter((id) => id < 11)],
        [`?limit=4&createdAfter=${middle}`, whole.filter((id) => id > 13)],
        [`?limit=4&createdBefore=${middle}`, whole.filter((id) => id < 13)],
        ['?limit=2&type=4', whole.filter((id) => id % 5 === 0)],
        ['?type=4&limit=2&type=1&IDBefore=20', whole.filter((id) => id < 20)],
        [`?limit=2&type=1&createdBefore=${middle}&IDBefore=9`, whole.filter((id) => id < 9 && id % 5 !== 0)],
        ['?type=2', []],
        ['?IDBefore=1', []],
      ] as const)
        t.same(await follow(t, query), expected, query)
    })

    t.test('a page holds 100 unless told otherwise', async (t) => {
      await openWith(client, 'cat')
      await Promise.all(Array.from({ length: 101 }, () => client.deposit('cat', 1)))
      const answer = await client.history('cat')
      t.equal(transactionsOf(answer).length, 100)
      t.equal(answer.body.nextIDBefore, 2)
    })

    t.test('a wallet without transactions has an empty page, a user without a wallet none', async (t) => {
      await client.open('new')
      t.same((await client.history('new')).body, { transactions: [], nextIDBefore: null })
      isProblem(t, await client.history('nobody'), 'WALLET_NOT_FOUND')
    })
  })
}
