import { randomBytes } from 'node:crypto'
import { createInterface } from 'node:readline/promises'
import { describeAddress, type ServerAddress } from '../db/address.ts'
import { connect, migrateOn } from '../db/migrate.ts'
import { beginEpoch, type LedgerState, readLedgerState } from '../db/restoration.ts'
import { joinEmbeddedPostgres } from '../src/adapters/embedded-postgres/server.ts'
import { KEY_BYTES } from '../src/ports/transaction-ids.ts'
import { auditAndReport } from './audit.ts'
import { onConfiguredDatabase } from './configured-database.ts'
import { AFTER_SIGNAL, describeFailure, EXIT, Failure } from './errors.ts'
import { print, say } from './output.ts'

const WHO_MAY = 'run it as the owner of the schema (docs/least-privilege.md)'

/** @param yes whether the answer to its question is known. */
export async function runRestored(yes: boolean): Promise<void> {
  if (!yes && !process.stdin.isTTY)
    throw new Failure(
      EXIT.usage,
      'restored asks before it retires transaction IDs; where no one can answer, give it --yes',
    )
  // An embedded server that was started for us goes with us: it does so at `exit`, which a signal alone does not bring.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.once(signal, () => process.exit(AFTER_SIGNAL[signal]))
  try {
    await onConfiguredDatabase(joinEmbeddedPostgres, (address) => declareRestored(address, yes))
  } catch (error) {
    throw error instanceof Failure ? error : new Failure(EXIT.no, describeFailure(error, WHO_MAY), { cause: error })
  }
}

async function declareRestored(address: ServerAddress, yes: boolean): Promise<void> {
  const before = await retire(address, yes)
  if (before === undefined) throw new Failure(EXIT.no, 'nothing was retired.')
  await print('Transaction IDs and feed cursors of before are retired.\n\n')
  let whole: boolean
  try {
    whole = await auditAndReport(address, false)
  } finally {
    // They are retired whatever the audit says.
    await print(`\n${whatToTell(before)}`)
  }
  if (!whole) throw new Failure(EXIT.no, 'the ledger is damaged; what is wrong stands above.')
}

/** @returns what the ledger was like; `undefined` if the person thought better of it. */
async function retire(address: ServerAddress, yes: boolean): Promise<LedgerState | undefined> {
  const client = await connect(address)
  try {
    // A backup of an earlier release is brought up to date first, as a start would.
    await migrateOn(client, 'up')
    const state = await readLedgerState(client)
    say(`${describeAddress(address)}: ${newest(state)}`)
    if (state.lastRestoredAt !== undefined) say(`It was declared restored before, at ${state.lastRestoredAt}.`)
    if (!yes && !(await isConfirmed())) return undefined
    await beginEpoch(client, randomBytes(KEY_BYTES))
    return state
  } finally {
    await client.end()
  }
}

async function isConfirmed(): Promise<boolean> {
  const asking = createInterface({ input: process.stdin, output: process.stderr })
  try {
    const answer = await asking.question(
      'Every transaction ID that was issued until now and is not in this ledger will be refused for good, and every reader of the feed\nbegins again. Was the ledger set back to an earlier time? [y/N] ',
    )
    return /^y(es)?$/i.test(answer.trim())
  } finally {
    asking.close()
  }
}

function newest({ lastTransactionAt }: LedgerState): string {
  return lastTransactionAt === undefined
    ? 'there is no transaction'
    : `the newest transaction is of ${lastTransactionAt}`
}

function whatToTell(before: LedgerState): string {
  const lost =
    before.lastTransactionAt === undefined
      ? 'Everything that was acknowledged'
      : 'What was acknowledged and is not here'
  return `What to tell those who use it:

1. Transaction IDs that were issued before now: one that this ledger knows is answered as before. Any other is refused with
   TRANSACTION_ID_RETIRED (422). It may have been executed in the time that was lost, so look into your own records before
   you do the same under a new ID.
2. Readers of the feed: your cursor is answered with CURSOR_GONE (410). Begin without one, and drop what the feed has not got.
   Those who follow wallets: begin again. The webhook, if there is one, stands still until you say where it goes on (docs/webhooks.md).
3. ${lost} is lost; ${newest(before)}, so ask for what is later. Clients that keep their IDs, readers of the feed, exports and
   logs of requests have it.

Instances that are at work take the new keys within two seconds. IDs that they issue until then are refused as well.
docs/recovery.md has more.
`
}
