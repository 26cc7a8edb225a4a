-- Up Migration

-- What a build that was cut off has left: it slows down every write, and no read may use it.
DROP INDEX CONCURRENTLY IF EXISTS user_wallet_transaction_by_time;

-- Serves every page of a history: it starts at a time, or at the time of an id, and ends when it is full.
CREATE INDEX CONCURRENTLY user_wallet_transaction_by_time ON user_wallet_transaction (user_id, created_at, id);

-- Down Migration

DROP INDEX CONCURRENTLY IF EXISTS user_wallet_transaction_by_time;
