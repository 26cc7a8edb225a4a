-- Up Migration

-- How far the webhook has come in the feed (docs/decisions/webhooks.md). It has its one row from the first start with WEBHOOK_URL on.
CREATE TABLE webhook_delivery (
  only_one boolean PRIMARY KEY DEFAULT true CHECK (only_one),
  -- The last transaction that was delivered, named in full as a cursor of the feed does.
  feed_number bigint NOT NULL,
  user_id text COLLATE "C" NOT NULL,
  id bigint NOT NULL,
  transaction_id uuid NOT NULL,
  epoch text NOT NULL,
  -- How many transactions the message after it has, from before it is sent for the first time; 0 while there is none.
  batch_size integer NOT NULL DEFAULT 0 CHECK (batch_size >= 0),
  delivered_at timestamptz,
  failing_since timestamptz,
  -- How often in a row it failed.
  failures integer NOT NULL DEFAULT 0 CHECK (failures >= 0),
  last_error text,
  CHECK ((failures = 0) = (failing_since IS NULL) AND (failures = 0) = (last_error IS NULL))
);

-- Down Migration

DROP TABLE webhook_delivery;
