import { closeSync, fsyncSync, openSync, readFileSync, writeSync } from 'node:fs'
import { createWalletClient } from 'wallet-service/client'

/*
 * Pays a thousand users out of one wallet, each exactly once, whatever dies on the way: the service, the network, or this
 * program. The client repeats a payment with its transaction ID until it is answered; the IDs are kept in a file before
 * they are used, so a second run goes on where the first one ended, and a third one pays no one again.
 *
 *   npm run example:pay                    # the service at http://127.0.0.1:8080, or WALLET_URL; its journal in ./payments.jsonl
 *   npm run example:pay -- other.jsonl     # another journal: another payday
 */

const USERS = 1000
const PAY = 1_250_000n
const AT_ONCE = 16
/** How long one payment may take with all its repetitions: longer than a restart. */
const DEADLINE_MS = 120_000
const TREASURY = 'treasury'
/** What the deposit into the treasury is called in the journal. */
const FUNDING = 'funding'

const client = createWalletClient({
  url: process.env.WALLET_URL ?? 'http://127.0.0.1:8080',
  deadlineMs: DEADLINE_MS,
  ...(process.env.WALLET_TOKEN !== undefined && { token: process.env.WALLET_TOKEN }),
})

/** The transaction ID of each payment, one line each, on the disk before the first of them is used. */
async function planPayments(path: string, names: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const file = openSync(path, 'a+')
  const plan = new Map<string, string>()
  for (const line of readFileSync(path, 'utf8').split('\n')) {
    // A line that was being written when the program was killed has no end, and its ID was not used.
    if (!line.endsWith('}')) continue
    const { name, transactionID } = JSON.parse(line)
    plan.set(name, transactionID)
  }
  const missing = names.filter((name) => !plan.has(name))
  await forEach('transaction IDs', missing, async (name) => {
    const { transactionID } = await client.issue(TREASURY)
    writeSync(file, `\n${JSON.stringify({ name, transactionID })}`)
    plan.set(name, transactionID)
  })
  fsyncSync(file)
  closeSync(file)
  return plan
}

/** Does `work` for each item, a few at a time, and shows how far it is. */
async function forEach<Item>(what: string, items: readonly Item[], work: (item: Item) => Promise<void>): Promise<void> {
  const waiting = [...items]
  let done = 0
  async function go(): Promise<void> {
    for (let item = waiting.shift(); item !== undefined; item = waiting.shift()) {
      await work(item)
      done += 1
      if (process.stderr.isTTY) process.stderr.write(`\r${what}: ${done} of ${items.length}`)
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, go))
  process.stderr.write(`\r${what}: ${done} of ${items.length}\n`)
}

const users = Array.from({ length: USERS }, (_, n) => `employee-${n + 1}`)

await forEach('wallets opened', [TREASURY, ...users], async (userID) => {
  await client.open(userID)
})
const plan = await planPayments(process.argv[2] ?? 'payments.jsonl', [FUNDING, ...users])
const under = (name: string) => ({ transactionID: plan.get(name) ?? '' })
await client.deposit({ to: TREASURY, amount: PAY * BigInt(USERS) }, under(FUNDING))
await forEach('paid', users, async (userID) => {
  await client.transfer({ from: TREASURY, to: userID, amount: PAY }, under(userID))
})
const { balance } = await client.wallet(TREASURY)
process.stdout.write(`all ${USERS} are paid, each once; the treasury holds ${balance}\n`)
