import { setTimeout as delay } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import type { Test } from 'tap'
import { createWalletClient, type Transaction, type WalletClient, WalletProblem } from '../../client/client.ts'

/** A payment whose client keeps its ID, to send it again whatever happens. */
export interface Payment {
  readonly userID: string
  /** `undefined`: a deposit; else a transfer to them. */
  readonly passiveUserID: string | undefined
  readonly amount: number
  readonly transactionID: string
  /** As `performance.now()`, like the next. */
  readonly sentAt: number
  acknowledgedAt: number | undefined
  /** What was acknowledged. */
  transaction: Transaction | undefined
}

export interface Payers {
  readonly payments: readonly Payment[]
  acknowledged(): readonly Payment[]
  /** Each ends the payment that it is about, however often it must be sent. */
  finish(): Promise<void>
  /** They give up at once what they are about, as if they were killed. */
  giveUp(): Promise<void>
}

/** Longer than any fault of these tests. */
const DEADLINE_MS = 300_000
const MAX_DEPOSIT = 100
const PAUSE_MS = 2

export function createPayer(url: string): WalletClient {
  return createWalletClient({ url, deadlineMs: DEADLINE_MS })
}

/** Clients that pay, one payment after the other: a deposit, then a transfer of less to the next of them. */
export async function startPayers(t: Test, url: string, count: number): Promise<Payers> {
  const client = createPayer(url)
  const users = Array.from({ length: count }, (_, index) => `payer-${index}`)
  await Promise.all(users.map((userID) => client.open(userID)))
  const payments: Payment[] = []
  const end = new AbortController()
  let stopping = false

  async function run(index: number): Promise<void> {
    const userID = users[index] ?? ''
    for (let turn = 0; !stopping; turn += 1) {
      const { transactionID } = await client.issue(userID, { signal: end.signal })
      const isDeposit = turn % 2 === 0
      const payment: Payment = {
        ...{ userID, transactionID, passiveUserID: isDeposit ? undefined : users[(index + 1) % count] },
        amount: isDeposit ? 2 + (turn % MAX_DEPOSIT) : 1,
        ...{ sentAt: performance.now(), acknowledgedAt: undefined, transaction: undefined },
      }
      payments.push(payment)
      payment.transaction = await pay(client, payment, end.signal)
      payment.acknowledgedAt = performance.now()
      await delay(PAUSE_MS)
    }
  }

  const running = Promise.all(users.map((_, index) => run(index).catch(ignoreIf(() => end.signal.aborted))))
  async function finish(): Promise<void> {
    stopping = true
    await running
  }
  async function giveUp(): Promise<void> {
    end.abort()
    await finish()
  }
  t.teardown(giveUp)
  return {
    payments,
    acknowledged: () => payments.filter(({ transaction }) => transaction !== undefined),
    finish,
    giveUp,
  }
}

/** Sends a payment, and again until it is answered. */
export function pay(client: WalletClient, payment: Payment, signal?: AbortSignal): Promise<Transaction> {
  const { userID, passiveUserID, amount, transactionID } = payment
  const options = { transactionID, ...(signal !== undefined && { signal }) }
  if (passiveUserID === undefined) return client.deposit({ to: userID, amount }, options)
  return client.transfer({ from: userID, to: passiveUserID, amount }, options)
}

/** What became of payments that were all sent again. */
export interface Repeated {
  /** Those in the ledger, with what was answered now. */
  readonly paid: ReadonlyMap<Payment, Transaction>
  /** Those of which it has nothing, refused as of a time before a restore. */
  readonly retired: readonly Payment[]
}

/** @throws {WalletProblem} if one is refused for another reason. */
export async function repeat(client: WalletClient, payments: readonly Payment[]): Promise<Repeated> {
  const paid = new Map<Payment, Transaction>()
  const retired: Payment[] = []
  const users = [...new Set(payments.map(({ userID }) => userID))]
  await Promise.all(
    users.map(async (user) => {
      for (const payment of payments.filter(({ userID }) => userID === user)) {
        try {
          paid.set(payment, await pay(client, payment))
        } catch (error) {
          if (!(error instanceof WalletProblem && error.code === 'TRANSACTION_ID_RETIRED')) throw error
          retired.push(payment)
        }
      }
    }),
  )
  return { paid, retired }
}

/** Those that were acknowledged, and are now answered otherwise or not known. */
export function lost({ paid }: Repeated, acknowledged: readonly Payment[]): readonly Payment[] {
  return acknowledged.filter((payment) => !isDeepStrictEqual(paid.get(payment), payment.transaction))
}

/** What the payments put into all wallets together. */
export function moneyIn(payments: Iterable<Payment>): number {
  let sum = 0
  for (const { passiveUserID, amount } of payments) if (passiveUserID === undefined) sum += amount
  return sum
}

function ignoreIf(expected: () => boolean): (error: unknown) => void {
  return (error) => {
    if (!expected()) throw error
  }
}
