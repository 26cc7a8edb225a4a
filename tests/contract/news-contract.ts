import type { Test } from 'tap'
import { MAX_NEWS } from '../../src/domain/follow.ts'
import type { Movement } from '../../src/domain/movement.ts'
import { parseReference, type Reference, toMetadata, toNote } from '../../src/domain/note.ts'
import type { Transaction } from '../../src/domain/transaction.ts'
import { toUserID, type UserID } from '../../src/domain/user-id.ts'
import { ANN, BOB, type CreateStore, command, deposit, executed, history, transact, transfer } from './store-calls.ts'

/** What those are told who follow wallets. */
export function newsContract(t: Test, createStore: CreateStore): void {
  const idsOf = (news: ReadonlyMap<UserID, readonly Transaction[]>, userID: UserID) =>
    news.get(userID)?.map(({ id }) => Number(id))

  t.test('what came behind each position is told, oldest first, as history has it', async (t) => {
    const store = await createStore(t)
    await store.open([ANN, BOB])
    const note = toNote(parseReference('rent') as Reference, toMetadata({ flat: '3' }))
    await executed(store, command(ANN, deposit(9n)))
    for (const amount of [1n, 2n, 3n]) {
      const movement: Movement = note === undefined ? transfer(BOB, amount) : { ...transfer(BOB, amount), note }
      await executed(store, command(ANN, movement))
    }
    const news = await store.news([
      { userID: ANN, after: 2n },
      { userID: BOB, after: 0n },
    ])
    t.strictSame(idsOf(news, ANN), [3, 4])
    t.strictSame(idsOf(news, BOB), [1, 2, 3])
    t.strictSame(news.get(ANN), (await history(store, ANN)).slice(0, 2).reverse())
    t.strictSame(news.get(BOB), (await history(store, BOB)).toReversed())
  })

  t.test('of those who have everything, or no wallet, nothing is told', async (t) => {
    const store = await createStore(t)
    await store.open([ANN])
    await executed(store, command(ANN, deposit(9n)))
    const news = await store.news([
      { userID: ANN, after: 1n },
      { userID: BOB, after: 0n },
      { userID: toUserID('nobody'), after: 41n },
    ])
    t.strictSame([...news], [])
    t.strictSame([...(await store.news([]))], [])
  })

  t.test('one who is far behind is told so much at once, and then what follows', async (t) => {
    const store = await createStore(t)
    await store.open([ANN])
    await transact(store, ...Array.from({ length: MAX_NEWS + 5 }, () => command(ANN, deposit(1n))))
    const first = await store.news([{ userID: ANN, after: 0n }])
    t.equal(first.get(ANN)?.length, MAX_NEWS)
    t.equal(first.get(ANN)?.at(-1)?.id, BigInt(MAX_NEWS))
    const second = await store.news([{ userID: ANN, after: BigInt(MAX_NEWS) }])
    t.strictSame(
      idsOf(second, ANN),
      [1, 2, 3, 4, 5].map((more) => MAX_NEWS + more),
    )
  })
}
