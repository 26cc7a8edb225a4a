import type pg from 'pg'

/** What every wallet begins with, in base units: enough that no transfer of a benchmark is refused. */
const START_UNITS = '1000000000000'
const FILL_CHUNK = 100_000

/** Opens wallets `user-1` … `user-n`, each with one deposit, as the service would have written them. */
export async function fillWallets(
  client: pg.Client,
  wallets: number,
  onProgress: (done: number) => void,
): Promise<void> {
  for (let from = 1; from <= wallets; from += FILL_CHUNK) {
    const to = Math.min(wallets, from + FILL_CHUNK - 1)
    await client.query(
      `WITH opened AS (
         INSERT INTO user_wallet (user_id, balance, version, created_at, updated_at)
         SELECT 'user-' || n, ${START_UNITS}, 1, now() - interval '1 hour', now() - interval '1 hour'
         FROM generate_series($1::int, $2::int) AS n RETURNING user_id, updated_at
       )
       INSERT INTO user_wallet_transaction (user_id, id, transaction_id, type, amount, passive_user_id, balance, created_at)
       SELECT user_id, 1, gen_random_uuid(), 1, ${START_UNITS}, NULL, ${START_UNITS}, updated_at FROM opened`,
      [from, to],
    )
    onProgress(to)
  }
}

/** Each line a count of rows that must not exist. */
const CHECKS: Readonly<Record<string, string>> = {
  'a balance that is not the sum of its transactions': `
    SELECT count(*) FROM user_wallet w
    JOIN (SELECT user_id, sum(CASE WHEN type IN (1, 3) THEN amount ELSE -amount END) AS units, max(id) AS last, count(*) AS rows
          FROM user_wallet_transaction GROUP BY user_id) t USING (user_id)
    WHERE w.balance <> t.units OR w.version <> t.last OR t.last <> t.rows`,
  'a transfer with only one half': `
    SELECT count(*) FROM (SELECT transaction_id FROM user_wallet_transaction WHERE type IN (3, 4)
                          GROUP BY transaction_id HAVING count(*) <> 2 OR sum(CASE type WHEN 3 THEN amount ELSE -amount END) <> 0) t`,
  'money that no deposit brought in': `
    SELECT abs((SELECT sum(balance) FROM user_wallet)
             - (SELECT coalesce(sum(CASE type WHEN 1 THEN amount WHEN 2 THEN -amount END), 0) FROM user_wallet_transaction))`,
}

/** What is wrong with the ledger; nothing, one hopes. */
export async function findDamage(client: pg.Client): Promise<readonly string[]> {
  const damage: string[] = []
  for (const [what, query] of Object.entries(CHECKS)) {
    const { rows } = await client.query<{ [column: string]: string }>(query)
    const count = Object.values(rows[0] ?? {})[0]
    if (Number(count) !== 0) damage.push(`${what}: ${count}`)
  }
  return damage
}

export async function countTransfers(client: pg.Client): Promise<number> {
  const { rows } = await client.query<{ count: string }>('SELECT count(*) FROM user_wallet_transaction WHERE type = 4')
  return Number(rows[0]?.count)
}
