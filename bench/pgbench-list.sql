-- The physical limit of a list: one statement applies 100 transfers, given as arrays, in one transaction. It locks the wallets
-- in order, gives each half its place and its balance, and writes the same rows with the same indexes. No HTTP, no
-- transaction IDs that were used before, and no transfer that is refused: a list whose money does not suffice is an error.
WITH given AS MATERIALIZED (
  SELECT array_agg(a) AS payers, array_agg(1 + (a + floor(random() * (:wallets - 1))::int) % :wallets) AS recipients
  FROM (SELECT 1 + floor(random() * :wallets)::int AS a FROM generate_series(1, 100)) AS random_payers
), asked AS MATERIALIZED (
  SELECT n, 'user-' || a AS payer, 'user-' || b AS recipient, gen_random_uuid() AS transaction_id
  FROM given, unnest(payers, recipients) WITH ORDINALITY AS transfer (a, b, n)
), halves AS (
  SELECT n, payer AS user_id, 4 AS type, -1 AS units, recipient AS other, transaction_id FROM asked
  UNION ALL
  SELECT n, recipient, 3, 1, payer, transaction_id FROM asked
), locked AS MATERIALIZED (
  SELECT user_id, balance, version, updated_at
  FROM user_wallet WHERE user_id = ANY (ARRAY(SELECT user_id FROM halves)) ORDER BY user_id FOR UPDATE
), moment AS MATERIALIZED (
  SELECT greatest(clock_timestamp(), max(updated_at)) AS at FROM locked
), placed AS MATERIALIZED (
  SELECT h.*, l.version + row_number() OVER own AS id, l.balance + sum(h.units) OVER own AS balance,
         m.at + h.n * interval '1 microsecond' AS at
  FROM halves h JOIN locked l USING (user_id), moment m
  WINDOW own AS (PARTITION BY user_id ORDER BY h.n)
), changed AS (
  UPDATE user_wallet w
  SET balance = last.balance, version = last.id, updated_at = last.at
  FROM (SELECT DISTINCT ON (user_id) user_id, id, balance, at FROM placed ORDER BY user_id, id DESC) AS last
  WHERE w.user_id = last.user_id
)
INSERT INTO user_wallet_transaction (user_id, id, transaction_id, type, amount, passive_user_id, balance, created_at)
SELECT user_id, id, transaction_id, type, 1, other, balance, at FROM placed;
