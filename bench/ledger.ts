import type pg from 'pg'

/** What every wallet begins with, in base units: enough that no transfer of a benchmark is refused. */
const START_UNITS = '1000000000000'
const FILL_CHUNK = 100_000
const AN_HOUR_MS = 3_600_000

/** Opens wallets `user-1` … `user-n`, each with one deposit, as the service would have written them. */
export async function fillWallets(
  client: pg.Client,
  wallets: number,
  onProgress: (done: number) => void,
): Promise<void> {
  const opened = new Date(Date.now() - AN_HOUR_MS)
  for (let from = 1; from <= wallets; from += FILL_CHUNK) {
    const to = Math.min(wallets, from + FILL_CHUNK - 1)
    await client.query(
      `INSERT INTO user_wallet (user_id, balance, version, created_at, updated_at)
       SELECT 'user-' || n, ${START_UNITS}, 1, $3::timestamptz, $3::timestamptz FROM generate_series($1::int, $2::int) AS n`,
      [from, to, opened],
    )
    await client.query(
      `INSERT INTO user_wallet_transaction (user_id, id, transaction_id, type, amount, passive_user_id, balance, created_at)
       SELECT 'user-' || n, 1, gen_random_uuid(), 1, ${START_UNITS}, NULL, ${START_UNITS}, $3::timestamptz
       FROM generate_series($1::int, $2::int) AS n`,
      [from, to, opened],
    )
    onProgress(to)
  }
}

export async function countTransfers(client: pg.Client): Promise<number> {
  const { rows } = await client.query<{ count: string }>('SELECT count(*) FROM user_wallet_transaction WHERE type = 4')
  return Number(rows[0]?.count)
}
