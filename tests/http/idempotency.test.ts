import t from 'tap'
import { IS_QUICK } from '../run/suites.ts'
import {
  type Answer,
  listen,
  SECOND,
  type Send,
  startHTTP,
  startHTTPOverPostgres,
  type TestHTTP,
  TTL,
} from '../support/http/http.ts'
import { startHTTPOverInstances } from '../support/http/http-instances.ts'
import { isProblem } from '../support/http/problem.ts'
import { createWalletClient, type Kind, openWith, transactionsOf } from '../support/http/wallet-client.ts'

const AT_ONCE = 50

const STORES = {
  'through inject over memory': async (t: Parameters<typeof startHTTP>[0]) => {
    const http = await startHTTP(t)
    return { ...http, call: http.send }
  },
  'over a socket on PostgreSQL': async (t: Parameters<typeof startHTTP>[0]) => {
    const http = await startHTTPOverPostgres(t)
    const { send } = await listen(t, http)
    return { ...http, call: send }
  },
  'over four instances on PostgreSQL': async (t: Parameters<typeof startHTTP>[0]) => {
    const { send, clock } = await startHTTPOverInstances(t)
    return { clock, call: send }
  },
} satisfies Record<string, (t: Parameters<typeof startHTTP>[0]) => Promise<Pick<TestHTTP, 'clock'> & { call: Send }>>

function replayed({ headers }: Answer): boolean {
  return headers['idempotent-replayed'] === 'true'
}

for (const [where, start] of Object.entries(STORES).slice(0, IS_QUICK ? 1 : undefined)) {
  t.test(where, async (t) => {
    const { call, clock } = await start(t)
    const client = createWalletClient(call)

    t.test('the same request later gets the stored answer, byte for byte, with Idempotent-Replayed', async (t) => {
      await openWith(client, 'ann', 100)
      await openWith(client, 'bob')
      const bodies: [Kind, (id: string) => object][] = [
        ['deposit', (transactionID) => ({ amount: 5, transactionID })],
        ['withdraw', (transactionID) => ({ amount: 3, transactionID })],
        ['transfer', (transactionID) => ({ amount: 2, transactionID, passiveUserID: 'bob' })],
      ]
      for (const [kind, makeBody] of bodies) {
        const id = await client.newID('ann')
        const first = await client.put('ann', kind, makeBody(id))
        t.match(first, { status: 200, body: { transactionID: id } })
        t.equal(first.headers['idempotent-replayed'], undefined, 'the first answer is no replay')
        await client.deposit('ann', 1)
        for (let repeat = 0; repeat < 3; repeat += 1) {
          const again = await client.put('ann', kind, makeBody(id))
          t.ok(replayed(again))
          t.equal(again.status, 200)
          t.ok(again.raw.equals(first.raw), 'byte for byte')
          t.equal(again.headers['content-type'], first.headers['content-type'])
          t.not(again.headers['x-request-id'], first.headers['x-request-id'])
        }
      }
      t.match(await client.wallet('ann'), { body: { balance: 103, version: 7 } }, 'each was executed once')
      t.match(await client.wallet('bob'), { body: { balance: 2, version: 1 } })
    })

    t.test(`of ${AT_ONCE} at once on one ID one is executed and all get the same bytes`, async (t) => {
      await openWith(client, 'cat', 1000)
      await openWith(client, 'dan')
      for (const write of ['deposit', 'transfer', 'refused'] as const) {
        const id = await client.newID('cat')
        const before = await client.wallet('cat')
        const answers = await Promise.all(
          Array.from({ length: AT_ONCE }, () => {
            if (write === 'deposit') return client.deposit('cat', 7, id)
            return client.transfer('cat', 'dan', write === 'refused' ? 1_000_000 : 7, id)
          }),
        )
        t.equal(answers.filter((answer) => !replayed(answer)).length, 1, `${write}: one was first`)
        t.equal(new Set(answers.map(({ text }) => text)).size, 1, `${write}: all are the same`)
        t.ok(answers.every(({ raw }) => raw.equals(answers[0]?.raw ?? Buffer.alloc(0))))
        t.ok(answers.every(({ status }) => status === (write === 'refused' ? 422 : 200)))
        const change = { deposit: 7, transfer: -7, refused: 0 }[write]
        t.equal((await client.wallet('cat')).body.balance, Number(before.body.balance) + change)
      }
      t.equal(transactionsOf(await client.history('dan')).length, 1)
    })

    t.test('the same ID for another operation, amount or recipient is REUSED, with nothing of the first', async (t) => {
      await openWith(client, 'eve', 100)
      await openWith(client, 'fay')
      await openWith(client, 'gus')
      const executed = await client.newID('eve')
      const refused = await client.newID('eve')
      await client.transfer('eve', 'fay', 41, executed)
      await client.transfer('eve', 'fay', 4141, refused)
      for (const [id, amount] of [
        [executed, 41],
        [refused, 4141],
      ] as const) {
        for (const answer of [
          await client.deposit('eve', amount, id),
          await client.withdraw('eve', amount, id),
          await client.transfer('eve', 'fay', amount + 1, id),
          await client.transfer('eve', 'gus', amount, id),
          await client.transfer('eve', 'nobody', amount, id),
        ]) {
          isProblem(t, answer, 'TRANSACTION_ID_REUSED')
          t.notOk(replayed(answer))
          // The request's own ID is random: it may hold any digits.
          t.notMatch(JSON.stringify({ ...answer.body, instance: '' }), /41|fay/, 'nothing is said of the first request')
        }
      }
      t.match(await client.wallet('eve'), { body: { balance: 59, version: 2 } })
    })

    t.test('an ID never issued, tampered with, or issued to another is UNKNOWN, the same for all three', async (t) => {
      await openWith(client, 'hal')
      await openWith(client, 'ida')
      const mine = await client.newID('hal')
      const flipped = (mine.endsWith('0') ? '1' : '0').padStart(36, mine)
      const ids = [
        '00000000-0000-0000-0000-000000000000',
        '0193cdb2-1d20-8a3f-9c41-5f0e6b7a8c9d',
        mine.slice(0, 35) + flipped.slice(35),
        (mine.startsWith('0') ? '1' : '0') + mine.slice(1),
        await client.newID('ida'),
        await client.newID('hal '.trimEnd().toUpperCase()),
      ]
      const answers = await Promise.all(ids.map((id) => client.deposit('hal', 1, id)))
      for (const answer of answers) isProblem(t, answer, 'TRANSACTION_ID_UNKNOWN')
      const told = answers.map(({ body }) => JSON.stringify({ ...body, instance: '' }))
      t.equal(new Set(told).size, 1, 'they cannot be told apart')
      for (const id of ids) isProblem(t, await client.status('hal', id), 'TRANSACTION_ID_UNKNOWN')
      t.equal((await client.wallet('hal')).body.version, 0)
      t.equal((await client.deposit('hal', 1, mine)).status, 200, 'the real one still works')
    })

    t.test('a refusal is the outcome of its ID, even once there is money', async (t) => {
      await openWith(client, 'jim')
      const [withdrawal, transfer] = [await client.newID('jim'), await client.newID('jim')]
      const noMoney = await client.withdraw('jim', 10, withdrawal)
      const noRecipient = await client.transfer('jim', 'kim', 1, transfer)
      isProblem(t, noMoney, 'INSUFFICIENT_BALANCE')
      isProblem(t, noRecipient, 'PASSIVE_WALLET_NOT_FOUND')
      await client.deposit('jim', 100)
      await openWith(client, 'kim')
      for (const [first, again, id] of [
        [noMoney, await client.withdraw('jim', 10, withdrawal), withdrawal],
        [noRecipient, await client.transfer('jim', 'kim', 1, transfer), transfer],
      ] as const) {
        t.ok(again.raw.equals(first.raw), 'byte for byte')
        t.equal(again.status, 422)
        t.ok(replayed(again))
        t.match(await client.status('jim', id), {
          body: { status: 'refused', refusal: { code: first.body.code, detail: first.body.detail } },
        })
      }
      t.match(await client.wallet('jim'), { body: { balance: 100, version: 1 } })
      t.equal((await client.withdraw('jim', 10)).status, 200, 'a new ID works')
    })

    t.test('a malformed request or an unknown wallet leaves the ID unused', async (t) => {
      const id = await client.newID('lea')
      isProblem(t, await client.deposit('lea', 5, id), 'WALLET_NOT_FOUND')
      isProblem(t, await client.put('lea', 'deposit', { amount: -5, transactionID: id }), 'INVALID_REQUEST')
      t.match(await client.status('lea', id), { status: 200, body: { transactionID: id, status: 'unused' } })
      await client.open('lea')
      t.match(
        await client.withdraw('lea', 5, id),
        { body: { code: 'INSUFFICIENT_BALANCE' } },
        'and free for another use',
      )
    })

    t.test('an ID older than the time to live is EXPIRED, and stays so when the clock goes back', async (t) => {
      await openWith(client, 'max', 10)
      const used = await client.newID('max')
      const first = await client.deposit('max', 1, used)
      // PostgreSQL judges by its own clock: there the IDs are dated back instead.
      const back = where.includes('PostgreSQL')
      clock.move(back ? -TTL - 60n * SECOND : 0n)
      const ids = [await client.newID('max'), await client.newID('max')] as const
      clock.move(back ? 0n : TTL)
      const refused = await client.deposit('max', 1, ids[0])
      isProblem(t, refused, 'TRANSACTION_ID_EXPIRED')
      t.match(await client.status('max', ids[0]), { body: { status: 'expired' } })
      t.match(await client.status('max', ids[1]), { body: { status: 'expired' } }, 'whether or not it was tried')
      clock.move(back ? TTL + 60n * SECOND : -TTL)
      const again = await client.deposit('max', 1, ids[0])
      t.ok(again.raw.equals(refused.raw), 'byte for byte')
      t.ok(replayed(again))
      t.match(await client.status('max', ids[0]), { body: { transactionID: ids[0], status: 'expired' } })
      t.ok((await client.deposit('max', 1, used)).raw.equals(first.raw), 'an executed ID never expires')
      t.match(await client.wallet('max'), { body: { balance: 11, version: 2 } })
    })
  })
}

t.test('an unused ID works to the last microsecond of its time to live', async (t) => {
  const { send, clock } = await startHTTP(t)
  const client = createWalletClient(send)
  await openWith(client, 'ann')
  const issued = clock()
  const ids = [await client.newID('ann'), await client.newID('ann')] as const
  // An ID carries the millisecond of its issue.
  clock.move(TTL - (issued % 1000n) - 1n)
  t.equal((await client.deposit('ann', 1, ids[0])).status, 200)
  t.equal((await client.status('ann', ids[1])).body.status, 'unused')
  clock.move(1n)
  isProblem(t, await client.deposit('ann', 1, ids[1]), 'TRANSACTION_ID_EXPIRED')
})

t.test(
  'once the ledger was restored, an ID of before keeps its outcome or is RETIRED, whatever the clock says',
  async (t) => {
    const { send, clock, beginEpoch } = await startHTTP(t)
    const client = createWalletClient(send)
    await openWith(client, 'ann')
    const [used, lost, unused] = [await client.newID('ann'), await client.newID('ann'), await client.newID('ann')]
    const first = await client.deposit('ann', 1, used)
    await beginEpoch()
    const again = await client.deposit('ann', 1, used)
    t.ok(again.raw.equals(first.raw) && replayed(again), 'what is there is replayed')
    t.equal((await client.status('ann', used)).body.status, 'executed')

    const refused = await client.deposit('ann', 1, lost)
    isProblem(t, refused, 'TRANSACTION_ID_RETIRED')
    const repeated = await client.deposit('ann', 1, lost)
    t.ok(repeated.raw.equals(refused.raw) && replayed(repeated), 'byte for byte')
    isProblem(t, await client.deposit('ann', 2, lost), 'TRANSACTION_ID_REUSED')
    for (const id of [lost, unused]) t.equal((await client.status('ann', id)).body.status, 'retired')
    clock.move(TTL)
    for (const id of [lost, unused]) t.equal((await client.status('ann', id)).body.status, 'retired')
    isProblem(t, await client.deposit('ann', 1, unused), 'TRANSACTION_ID_RETIRED')
    t.equal((await client.deposit('ann', 1)).status, 200, 'a new ID is good')
    t.match(await client.wallet('ann'), { body: { balance: 2, version: 2 } })
  },
)
