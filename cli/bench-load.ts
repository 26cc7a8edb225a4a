import type { Request } from 'autocannon'
import type { WalletClient } from '../client/client.ts'

/** What is sent: transfers one by one, lists of a hundred, or reads of a wallet. */
export const BENCH_LOADS = ['transfers', 'lists', 'reads'] as const
export type BenchLoad = (typeof BENCH_LOADS)[number]

export const LIST_SIZE = 100
/** Of the transaction IDs that are obtained beforehand: more than one service does in a second. */
const MOST_PER_SECOND: Readonly<Record<BenchLoad, number>> = { transfers: 20_000, lists: 50_000, reads: 0 }
const IDS_AT_ONCE = 1000
/** Ten thousand dollars: no wallet runs dry of transfers of one base unit. */
const EACH_HOLDS = 10_000_000_000n
const REQUESTS_AT_ONCE = 8

interface Issued {
  readonly from: string
  readonly transactionID: string
}

/** Wallets of a bench's own, and what is to be sent to them. */
export interface Prepared {
  /** The next request; `undefined` once no transaction ID is left. */
  next(request: Request): Request | undefined
  /** How many transactions the wallets have had so far. */
  countTransactions(): Promise<bigint>
}

/**
 * Opens wallets, puts money into each, and obtains as many transaction IDs as may be used.
 *
 * @param tell how much is done, above 0 to 1.
 */
export async function prepareLoad(
  client: WalletClient,
  users: readonly string[],
  { load, seconds }: { readonly load: BenchLoad; readonly seconds: number },
  { signal, tell }: { readonly signal: AbortSignal; tell(done: number): void },
): Promise<Prepared> {
  const perUser = Math.ceil((MOST_PER_SECOND[load] * seconds) / users.length)
  const chunks = Array.from({ length: Math.ceil(perUser / IDS_AT_ONCE) }, (_, index) =>
    Math.min(IDS_AT_ONCE, perUser - index * IDS_AT_ONCE),
  )
  const ids: Issued[] = []
  let done = 0
  const step = () => {
    done += 1
    tell(done / (users.length * (2 + chunks.length)))
  }
  await inTurn(users, async (user) => {
    await client.open(user, { signal })
    step()
    await client.deposit({ to: user, amount: EACH_HOLDS }, { signal })
    step()
  })
  await inTurn(
    users.flatMap((from) => chunks.map((count) => ({ from, count }))),
    async ({ from, count }) => {
      const { transactionIDs } = await client.issueMany(from, count, { signal })
      for (const transactionID of transactionIDs) ids.push({ from, transactionID })
      step()
    },
  )
  shuffle(ids)

  const next = {
    transfers: (request: Request) => {
      const id = ids.pop()
      return id && { ...request, path: `${pathOf(id.from)}/transfer`, body: JSON.stringify(transferOf(id)) }
    },
    lists: (request: Request) => {
      if (ids.length < LIST_SIZE) return undefined
      const items = ids.splice(-LIST_SIZE).map((id) => ({ userID: id.from, type: 4, ...transferOf(id) }))
      return { ...request, path: '/api/v1/transactions', body: JSON.stringify({ transactions: items }) }
    },
    reads: (request: Request) => ({ ...request, path: pathOf(pickOne(users)) }),
  }[load]

  function transferOf({ from, transactionID }: Issued) {
    let passiveUserID = pickOne(users)
    while (passiveUserID === from) passiveUserID = pickOne(users)
    return { passiveUserID, amount: 1, transactionID }
  }

  return {
    next,
    async countTransactions() {
      let sum = 0n
      await inTurn(users, async (user) => {
        // Not in one expression, which would read the sum before it waits.
        const { version } = await client.wallet(user, { signal })
        sum += BigInt(version)
      })
      return sum
    },
  }
}

function pathOf(user: string): string {
  return `/api/v1/users/${encodeURIComponent(user)}/wallet`
}

async function inTurn<Item>(items: readonly Item[], work: (item: Item) => Promise<void>): Promise<void> {
  const queue = items.values()
  await Promise.all(
    Array.from({ length: REQUESTS_AT_ONCE }, async () => {
      for (const item of queue) await work(item)
    }),
  )
}

function shuffle<Item>(items: Item[]): void {
  for (let last = items.length - 1; last > 0; last -= 1) {
    const other = Math.floor(Math.random() * (last + 1))
    const [a, b] = [items[last] as Item, items[other] as Item]
    items[last] = b
    items[other] = a
  }
}

function pickOne(users: readonly string[]): string {
  return users[Math.floor(Math.random() * users.length)] ?? ''
}
