import type { Test } from 'tap'
import type { ServerAddress } from '../../../db/address.ts'
import { connect, migrationNames } from '../../../db/migrate.ts'
import { createPostgresWalletStore } from '../../../src/adapters/postgres/wallet-store.ts'
import type { Command } from '../../../src/domain/command.ts'
import { toInstant } from '../../../src/domain/instant.ts'
import type { Movement } from '../../../src/domain/movement.ts'
import { parseReference, toMetadata, toNote } from '../../../src/domain/note.ts'
import { toUserID } from '../../../src/domain/user-id.ts'
import type { WalletStore } from '../../../src/ports/wallet-store.ts'
import { command, deposit, transactionID, transfer, withdraw } from '../domain-builders.ts'
import { createTestDatabase } from './database.ts'
import { runBatch } from './run-commands.ts'

const ann = toUserID('ann')
const bob = toUserID('bob')
const zoe = toUserID('zoe')
/** A wallet that nothing happens to. */
const eve = toUserID('eve')

/** Eve's wallet is frozen in the end. */
const STATES = ['frozen', 'open', 'frozen'] as const

const NEVER = toInstant(8_000_000_000_000_000n)

function noted(movement: Movement, reference: string, fields: Readonly<Record<string, string>> = {}): Movement {
  const note = toNote(parseReference(reference), toMetadata(fields))
  return note === undefined ? movement : { ...movement, note }
}

/** The nth of these carries the nth transaction ID. */
const COMMANDS: readonly Command[] = (
  [
    [ann, noted(deposit(100n), '', { till: '3' })],
    [ann, deposit(50n)],
    [ann, withdraw(10n)],
    [ann, noted(transfer(20n, bob), 'rent', { flat: '3' })],
    [bob, transfer(5n, ann)],
    [bob, deposit(1n)],
    [bob, noted(withdraw(1000n), 'rent')],
    [ann, deposit(1n)],
    [zoe, deposit(7n)],
    [zoe, withdraw(7n)],
  ] as const
).map(([userID, movement], index) =>
  command(movement, { userID, transactionID: transactionID(index + 1), expiresAt: NEVER }),
)

/**
 * A small ledger that the store itself wrote, with each kind of transaction in it and one refusal, bob's ID 7:
 *
 *     ann   1 Deposit 100    2 Deposit 50       3 Withdrawal 10   4 TransferOut 20   5 TransferIn 5   6 Deposit 1   = 126
 *     bob   1 TransferIn 20  2 TransferOut 5    3 Deposit 1                                                        = 16
 *     zoe   1 Deposit 7      2 Withdrawal 7                                                                        = 0
 *
 * Under IDs 4 and 7 there is a reference, under 1 and 4 metadata. Eve's wallet was frozen, opened, and frozen again.
 */
export async function writeLedger(t: Test): Promise<ServerAddress> {
  const address = await createTestDatabase(t)
  const store = await storeOn(address)
  try {
    await store.open([ann, bob, eve, zoe])
    for (const one of COMMANDS) await runBatch(store, [one])
    for (const state of STATES) await store.changeState({ userID: eve, state, reason: `${state} it`, changedBy: zoe })
  } finally {
    await store.close()
  }
  return address
}

export async function storeOn(address: ServerAddress): Promise<WalletStore> {
  const schemaVersion = (await migrationNames()).at(-1) ?? ''
  return createPostgresWalletStore({ address, schemaVersion, writeConnections: 2, readConnections: 1 })
}

/** Does to a ledger what only a superuser can: the triggers that keep history from being changed do not run. */
export async function damage(address: ServerAddress, statements: string): Promise<void> {
  const client = await connect(address)
  try {
    await client.query(`SET session_replication_role = replica; ${statements}`)
  } finally {
    await client.end()
  }
}
