import t from 'tap'
import { listen, SECOND, startHTTP, startHTTPOverPostgres } from '../support/http/http.ts'
import { createWalletClient, idsOf, openWith, textOf, transactionsOf } from '../support/http/wallet-client.ts'

const FORM = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/

for (const [where, start] of [
  ['over memory', startHTTP],
  ['over PostgreSQL', startHTTPOverPostgres],
] as const) {
  t.test(`a createdAt is a cursor, exact to the microsecond, ${where}`, async (t) => {
    const http = await start(t)
    const { send } = await listen(t, http)
    const client = createWalletClient(send)
    await openWith(client, 'ann')
    const ids = await Promise.all(Array.from({ length: 12 }, () => client.newID('ann')))
    await Promise.all(ids.map((id) => client.deposit('ann', 1, id)))
    const all = transactionsOf(await client.history('ann'))
    t.same(
      all.map(({ id }) => id),
      [12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1],
    )
    const times = all.map((transaction) => textOf(transaction, 'createdAt'))
    t.same([...new Set(times)].sort().reverse(), times, 'it strictly rises with id')
    t.ok(times.every((time) => FORM.test(time)))

    for (const transaction of all) {
      const id = Number(transaction.id)
      const at = textOf(transaction, 'createdAt')
      const after = Array.from({ length: 12 - id }, (_, index) => 12 - index)
      const before = Array.from({ length: id - 1 }, (_, index) => id - 1 - index)
      const nanos = (digits: string) => at.replace('Z', `${digits}Z`)
      for (const [query, expected] of [
        [`createdBefore=${at}`, before],
        [`createdAfter=${at}`, after],
        [`createdBefore=${nanos('000')}`, before],
        [`createdAfter=${nanos('000')}`, after],
        [`createdFrom=${at}`, [...after, id]],
        [`createdFrom=${nanos('001')}`, after],
        [`createdBefore=${nanos('001')}`, [id, ...before]],
        [`createdAfter=${nanos('999')}`, after],
        [`createdBefore=${encodeURIComponent(shifted(at))}`, before],
        [`createdAfter=${encodeURIComponent(shifted(at))}`, after],
        [`createdAfter=${at}&createdBefore=${at}`, []],
      ] as const)
        t.same(idsOf(await client.history('ann', `?${query}`)), expected, `${id}: ${query}`)
    }
    t.match(await client.deposit('ann', 1, ids[0]), { body: { createdAt: times.at(-1) } }, 'a replay says the same')
    t.match(await client.wallet('ann'), { body: { updatedAt: times[0] } })
  })

  t.test(`the ends of time are cursors like any other, ${where}`, async (t) => {
    const http = await start(t)
    const client = createWalletClient(http.send)
    await openWith(client, 'ann', 1)
    for (const [query, expected] of [
      ['createdAfter=0000-01-01T00:00:00%2B23:59', [1]],
      ['createdBefore=0000-01-01T00:00:00%2B23:59', []],
      ['createdAfter=9999-12-31T23:59:60.999999999-23:59', []],
      ['createdBefore=9999-12-31T23:59:60.999999999-23:59', [1]],
      ['createdBefore=9999-12-31T23:59:60.999999999-23:59&createdAfter=0000-01-01T00:00:00%2B23:59', [1]],
      ['createdBefore=0000-01-01T00:00:00Z&createdAfter=9999-12-31T00:00:00Z', []],
      ['IDBefore=9007199254740991', [1]],
    ] as const) {
      const answer = await client.history('ann', `?${query}`)
      t.equal(answer.status, 200, query)
      t.same(idsOf(answer), expected, query)
    }
  })
}

t.test('createdAt rises even when the clock goes back', async (t) => {
  const { send, clock } = await startHTTP(t)
  const client = createWalletClient(send)
  await openWith(client, 'ann')
  t.match(await client.deposit('ann', 1), { body: { createdAt: '2024-12-16T03:59:02.608559Z' } })
  clock.move(-SECOND)
  t.match(await client.deposit('ann', 1), { body: { createdAt: '2024-12-16T03:59:02.608560Z' } })
})

/** The same instant, an hour and a half to the east. */
function shifted(at: string): string {
  const micros = at.slice(-5, -1)
  const ms = new Date(Date.parse(at) + 90 * 60_000).toISOString()
  return `${ms.slice(0, -2)}${micros.slice(-4)}+01:30`
}
