-- Up Migration

-- A transaction's place in the feed (docs/decisions/feed.md). Rows that are there have 0, and are not rewritten for it. An
-- instance of the release before does not name the column: for its rows the default says what this one writes. The default
-- comes second, since one that is added with the column is worked out once, for the rows that are there.
ALTER TABLE user_wallet_transaction ADD COLUMN feed_number bigint NOT NULL DEFAULT 0;
ALTER TABLE user_wallet_transaction ALTER COLUMN feed_number
  SET DEFAULT greatest(pg_current_xact_id()::text::bigint, pg_snapshot_xmax(pg_current_snapshot())::text::bigint - 1);

-- What is added to the server's transaction numbers, the greatest of these: a cluster that the ledger was loaded into may not have
-- come to those that the ledger has.
CREATE TABLE feed_offset (
  added bigint PRIMARY KEY CHECK (added > 0),
  begun_at timestamptz NOT NULL DEFAULT now()
);

-- Down Migration

DROP TABLE feed_offset;
ALTER TABLE user_wallet_transaction DROP COLUMN feed_number;
