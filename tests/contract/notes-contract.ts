import type { Test } from 'tap'
import type { Movement } from '../../src/domain/movement.ts'
import { type Note, parseReference, type Reference, toMetadata, toNote } from '../../src/domain/note.ts'
import type { Transaction } from '../../src/domain/transaction.ts'
import { summary } from '../support/domain-builders.ts'
import {
  ANN,
  BOB,
  type CreateStore,
  command,
  deposit,
  executed,
  history,
  transact,
  transfer,
  withdraw,
} from './store-calls.ts'

const RENT = parseReference('rent, December') as Reference

function note(reference: Reference | undefined, fields: Readonly<Record<string, string>> = {}): Note {
  return toNote(reference, toMetadata(fields)) as Note
}

const withNote = (movement: Movement, given: Note): Movement => ({ ...movement, note: given })

/** What a client adds to a movement. */
export function notesContract(t: Test, createStore: CreateStore): void {
  t.test('a reference is on both halves of a transfer, metadata on the payer’s only', async (t) => {
    const store = await createStore(t)
    await store.open([ANN, BOB])
    const given = note(RENT, { flat: '3', '10': 'ten "quoted"', __proto__: 'ignored', 'line\u2028': 'a\nb' })
    await executed(store, command(ANN, deposit(9n)))
    const out = await executed(store, command(ANN, withNote(transfer(BOB, 4n), given)))
    t.strictSame(out.note, given)
    t.strictSame((await history(store, ANN))[0], out)
    t.strictSame((await history(store, BOB))[0]?.note, { reference: RENT })
    t.notOk('note' in ((await history(store, ANN))[1] as Transaction), 'there is none where none was given')

    const other = command(ANN, withNote(transfer(BOB, 1n), note(undefined, { only: 'metadata' })))
    t.strictSame((await executed(store, other)).note, other.movement.note)
    t.notOk('note' in ((await history(store, BOB))[0] as Transaction))
  })

  t.test('an ID is bound to its reference and its metadata, executed or refused', async (t) => {
    const store = await createStore(t)
    await store.open([ANN])
    const given = note(RENT, { a: '1', b: '2' })
    for (const movement of [deposit(9n), withdraw(90n)]) {
      const first = command(ANN, withNote(movement, given))
      const [outcome] = await transact(store, first)
      const again = { ...first, movement: withNote(movement, note(RENT, { b: '2', a: '1' })) }
      t.strictSame((await transact(store, again))[0], { ...outcome, replayed: true })
      const others = [movement, withNote(movement, note(RENT)), withNote(movement, note(undefined, { a: '1', b: '2' }))]
      others.push(withNote(movement, note('Rent' as Reference, { a: '1', b: '2' })))
      for (const other of others) {
        t.strictSame((await transact(store, { ...first, movement: other })).map(summary), ['TRANSACTION_ID_REUSED'])
      }
      const { stored } = await store.outcome(ANN, first.transactionID)
      t.match(
        stored,
        outcome?.kind === 'executed' ? { transaction: { note: given } } : { refusal: { movement: first.movement } },
      )
    }
  })

  t.test('history is narrowed to a reference, with every other bound', async (t) => {
    const store = await createStore(t)
    await store.open([ANN, BOB])
    const all: Transaction[] = []
    for (let n = 1; n <= 12; n += 1) {
      const movement = n % 4 === 0 ? withdraw(1n) : deposit(5n)
      const of = n % 2 === 0 ? command(ANN, withNote(movement, note(RENT))) : command(ANN, movement)
      all.unshift(await executed(store, of))
    }
    await executed(store, command(BOB, withNote(deposit(1n), note(RENT))))
    const asked = { userID: ANN, reference: RENT, limit: 100 }
    const ids = async (more: object) => (await store.history({ ...asked, ...more }))?.transactions.map(({ id }) => id)
    t.strictSame(await ids({}), [12n, 10n, 8n, 6n, 4n, 2n])
    t.strictSame(await ids({ types: [1] }), [10n, 6n, 2n])
    t.strictSame(await ids({ idBefore: 8n }), [6n, 4n, 2n])
    const at = (id: bigint) => all.find((each) => each.id === id)?.createdAt
    t.strictSame(await ids({ createdBefore: at(8n) }), [6n, 4n, 2n])
    t.strictSame(await ids({ createdBefore: at(9n), createdAfter: at(4n) }), [8n, 6n])
    t.strictSame(await ids({ createdAfter: at(3n), idBefore: 7n }), [6n, 4n])
    const page = await store.history({ ...asked, limit: 2 })
    t.strictSame(page?.nextIDBefore, 10n)
    t.match(await store.history({ ...asked, limit: 6 }), { nextIDBefore: null })
    t.strictSame(await ids({ reference: 'none' }), [])
    t.strictSame(
      (await store.findReference(RENT)).map(({ userID, id }) => [userID, id]),
      [...[12n, 10n, 8n, 6n, 4n, 2n].map((id) => [ANN, id]), [BOB, 1n]],
    )
  })
}
