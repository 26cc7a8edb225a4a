-- Up Migration

-- What a build that was cut off has left: it slows down every write, and no read may use it.
DROP INDEX CONCURRENTLY IF EXISTS user_wallet_transaction_by_feed;

-- The feed is read along it.
CREATE INDEX CONCURRENTLY user_wallet_transaction_by_feed ON user_wallet_transaction (feed_number, user_id, id);

-- Down Migration

DROP INDEX CONCURRENTLY IF EXISTS user_wallet_transaction_by_feed;
