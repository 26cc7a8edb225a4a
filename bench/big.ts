import type { Bench, BenchDatabase } from './environment.ts'
import { median, type Row, row } from './figures.ts'
import { sendTransfers } from './transfers.ts'
import { uniform } from './workload.ts'

const WALLETS = 1_000_000
const TRANSACTIONS = 10_000_000
const CHUNK = 200_000
/** The wallet whose history is paged: as long as 10 000 pages and more. */
const LONG_HISTORY = 1_100_000
const PAGE = 100
const DEEP_PAGE = 10_000
const PAGE_SAMPLES = 200

/** A ledger of ten million transactions in a million wallets, against a small one. */
export async function compareBig(bench: Bench): Promise<readonly Row[]> {
  const small = await bench.withDatabase('small', async (database) => {
    await database.fill(10_000)
    return measure(bench, database, 10_000)
  })
  return bench.withDatabase('big', async (database) => {
    await database.fill(WALLETS)
    await lengthen(bench, database, 'user-1', LONG_HISTORY)
    await deepenAll(bench, database, TRANSACTIONS - WALLETS - LONG_HISTORY)
    await database.query('VACUUM ANALYZE')
    const big = await measure(bench, database, WALLETS)
    const pages = await comparePages(bench, database)
    const name = '10 000 000 transactions, 1 000 000 wallets'
    return [
      row({
        name,
        against: 'a small database',
        unit: 'transfers/s',
        ours: big,
        theirs: small,
        target: { atLeast: 0.7 },
      }),
      pages,
    ]
  })
}

function measure(bench: Bench, database: BenchDatabase, wallets: number): Promise<number[]> {
  return bench.withService(database, {}, async (service) => {
    const pick = uniform(wallets, Math.random)
    await sendTransfers(bench, service, database, pick, 256, 2)
    const rates: number[] = []
    for (let round = 1; round <= bench.rounds; round += 1) {
      bench.say(`${wallets} wallets, round ${round} of ${bench.rounds}`)
      rates.push((await sendTransfers(bench, service, database, pick, 256)).perSecond)
    }
    return rates
  })
}

/** Gives every wallet the same number of further deposits of one unit. */
async function deepenAll(bench: Bench, database: BenchDatabase, transactions: number): Promise<void> {
  const each = Math.floor(transactions / WALLETS)
  for (let from = 1; from <= WALLETS; from += CHUNK) {
    bench.say(`writing transactions: ${Math.round((100 * from) / WALLETS)} %`)
    await database.query(
      `WITH deepened AS (
         UPDATE user_wallet SET balance = balance + $3::int, version = version + $3::int,
                updated_at = updated_at + $3::int * interval '1 second'
         WHERE user_id IN (SELECT 'user-' || n FROM generate_series($1::int, $2::int) AS n) RETURNING *
       )
       INSERT INTO user_wallet_transaction (user_id, id, transaction_id, type, amount, passive_user_id, balance, created_at)
       SELECT user_id, version - $3::int + k, gen_random_uuid(), 1, 1, NULL, balance - $3::int + k,
              updated_at - ($3::int - k) * interval '1 second'
       FROM deepened, generate_series(1, $3::int) AS k`,
      [from, from + CHUNK - 1, each],
    )
  }
}

async function lengthen(bench: Bench, database: BenchDatabase, userID: string, transactions: number): Promise<void> {
  bench.say(`writing a history of ${transactions}`)
  await database.query(
    `WITH lengthened AS (
       UPDATE user_wallet SET balance = balance + $2::int, version = version + $2::int,
              updated_at = updated_at + $2::int * interval '1 microsecond'
       WHERE user_id = $1 RETURNING *
     )
     INSERT INTO user_wallet_transaction (user_id, id, transaction_id, type, amount, passive_user_id, balance, created_at)
     SELECT user_id, version - $2::int + k, gen_random_uuid(), 1, 1, NULL, balance - $2::int + k,
            updated_at - ($2::int - k) * interval '1 microsecond'
     FROM lengthened, generate_series(1, $2::int) AS k`,
    [userID, transactions],
  )
}

/** The time of page 10 000 of a history against that of page 1, turn and turn about. */
async function comparePages(bench: Bench, database: BenchDatabase): Promise<Row> {
  return bench.withService(database, {}, async (service) => {
    const route = `${service.url}/api/v1/users/user-1/wallet/transactions?limit=${PAGE}`
    const deep = `${route}&IDBefore=${LONG_HISTORY - DEEP_PAGE * PAGE}`
    const ours: number[] = []
    const theirs: number[] = []
    bench.say('paging through a long history')
    for (let sample = 0; sample < PAGE_SAMPLES; sample += 1) {
      theirs.push(await timed(route))
      ours.push(await timed(deep))
    }
    const target = { atMost: 1.2 }
    return row({
      name: 'history, page 10 000',
      against: 'page 1',
      unit: 'ms',
      ours: [median(ours)],
      theirs: [median(theirs)],
      target,
    })
  })
}

async function timed(url: string): Promise<number> {
  const start = performance.now()
  await (await fetch(url)).arrayBuffer()
  return performance.now() - start
}
