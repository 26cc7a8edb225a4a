import { createClient } from './service-client.ts'

/** One deposit that was sent; `answer` is there once the service acknowledged it. */
export interface Sent {
  readonly userID: string
  readonly transactionID: string
  answer: string | undefined
}

export interface Load {
  /** All that was sent so far. */
  readonly sent: readonly Sent[]
  acknowledged(): number
  /** The status of each answer that was no 200. */
  readonly otherAnswers: readonly number[]
  /** Settles once the service has gone and every client has given up. */
  readonly over: Promise<void>
}

const AMOUNT = 1

/** Clients that deposit, one request after another, until the service is gone. Each has a wallet of its own. */
export async function startLoad(url: string, clients: number): Promise<Load> {
  const client = createClient(url)
  const users = Array.from({ length: clients }, (_, index) => `load-${index}`)
  await Promise.all(users.map((userID) => client.open(userID)))
  const sent: Sent[] = []
  const otherAnswers: number[] = []

  async function depositUntilGone(userID: string): Promise<void> {
    try {
      for (;;) {
        const one: Sent = { userID, transactionID: await client.issue(userID), answer: undefined }
        sent.push(one)
        const { status, text } = await client.deposit(userID, AMOUNT, one.transactionID)
        if (status === 200) one.answer = text
        else otherAnswers.push(status)
      }
    } catch {
      // The service has gone: what it did not answer is not acknowledged.
    }
  }

  return {
    sent,
    otherAnswers,
    acknowledged: () => sent.filter(({ answer }) => answer !== undefined).length,
    over: Promise.all(users.map(depositUntilGone)).then(() => {}),
  }
}

/** Sends everything again: says what was acknowledged and is now another answer, and how many there are in all. */
export async function checkAfterwards(url: string, load: Load): Promise<{ lost: readonly Sent[]; balance: bigint }> {
  const client = createClient(url)
  const lost: Sent[] = []
  const users = [...new Set(load.sent.map(({ userID }) => userID))]
  await Promise.all(
    users.map(async (user) => {
      for (const one of load.sent) {
        if (one.userID !== user || one.answer === undefined) continue
        const { text, replayed } = await client.deposit(one.userID, AMOUNT, one.transactionID)
        if (text !== one.answer || !replayed) lost.push(one)
      }
    }),
  )
  const wallets = await Promise.all(users.map((userID) => client.wallet(userID)))
  return { lost, balance: wallets.reduce((sum, { body }) => sum + BigInt(String(body.balance)), 0n) }
}
