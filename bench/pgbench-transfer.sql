-- The best that one transaction a transfer can do: one statement, one round trip. It locks both wallets in order,
-- refuses what the balance does not allow, changes both and writes both halves, on the service's own tables.
-- Wallets are drawn evenly, or from a Zipf distribution where :zipf, its exponent, is not 0.
\if :zipf > 0
\set a random_zipfian(1, :wallets, :zipf)
\set other random_zipfian(1, :wallets - 1, :zipf)
\set b case when :other >= :a then :other + 1 else :other end
\else
\set a random(1, :wallets)
\set b 1 + (:a + random(0, :wallets - 2)) % :wallets
\endif
WITH locked AS MATERIALIZED (
  SELECT user_id, balance, version, updated_at,
         CASE WHEN user_id = 'user-' || :a THEN 4 ELSE 3 END AS type
  FROM user_wallet WHERE user_id IN ('user-' || :a, 'user-' || :b) ORDER BY user_id FOR UPDATE
), moment AS MATERIALIZED (
  SELECT greatest(clock_timestamp(), max(updated_at) + interval '1 microsecond') AS at, gen_random_uuid() AS transaction_id
  FROM locked HAVING bool_and(type = 3 OR balance >= 1)
), changed AS (
  UPDATE user_wallet w
  SET balance = w.balance + CASE l.type WHEN 4 THEN -1 ELSE 1 END, version = w.version + 1, updated_at = m.at
  FROM locked l, moment m WHERE w.user_id = l.user_id
  RETURNING w.user_id, w.version, w.balance, l.type, m.at, m.transaction_id
)
INSERT INTO user_wallet_transaction (user_id, id, transaction_id, type, amount, passive_user_id, balance, created_at)
SELECT user_id, version, transaction_id, type, 1,
       CASE type WHEN 4 THEN 'user-' || :b ELSE 'user-' || :a END, balance, at
FROM changed;
