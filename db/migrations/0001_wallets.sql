-- Up Migration

-- Balances and amounts are base units: 10^6 = 1 dollar. 9007199254740991 = 2^53 - 1, the largest integer that
-- every JSON client reads exactly. "C" collation: user IDs compare byte by byte, and locks are taken in that order.
CREATE TABLE user_wallet (
  user_id text COLLATE "C" PRIMARY KEY,
  balance bigint NOT NULL CHECK (balance BETWEEN 0 AND 9007199254740991),
  version bigint NOT NULL CHECK (version >= 0),
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL
) WITH (fillfactor = 60);

-- id is the wallet's own counter, taken under the wallet's lock: it needs no sequence and has no gaps.
-- created_at rises strictly with id within a wallet, so that both say the same order.
CREATE TABLE user_wallet_transaction (
  user_id text COLLATE "C" NOT NULL,
  id bigint NOT NULL CHECK (id > 0),
  transaction_id uuid NOT NULL,
  type smallint NOT NULL CHECK (type BETWEEN 1 AND 4),
  amount bigint NOT NULL CHECK (amount BETWEEN 1 AND 9007199254740991),
  passive_user_id text COLLATE "C" CHECK ((passive_user_id IS NOT NULL) = (type IN (3, 4))),
  balance bigint NOT NULL CHECK (balance BETWEEN 0 AND 9007199254740991),
  created_at timestamptz NOT NULL,
  PRIMARY KEY (user_id, id),
  UNIQUE (transaction_id, user_id)
);

-- What was refused stays refused: the request that a transaction ID was bound to, and why it was not executed.
CREATE TABLE user_wallet_refusal (
  user_id text COLLATE "C" NOT NULL,
  transaction_id uuid NOT NULL,
  type smallint NOT NULL CHECK (type IN (1, 2, 4)),
  amount bigint NOT NULL CHECK (amount BETWEEN 1 AND 9007199254740991),
  passive_user_id text COLLATE "C" CHECK ((passive_user_id IS NOT NULL) = (type = 4)),
  code text NOT NULL CHECK (code IN (
    'TRANSACTION_ID_EXPIRED', 'PASSIVE_WALLET_NOT_FOUND', 'INSUFFICIENT_BALANCE', 'BALANCE_LIMIT_EXCEEDED'
  )),
  request_id text NOT NULL,
  created_at timestamptz NOT NULL,
  PRIMARY KEY (transaction_id, user_id)
);

-- Signs transaction IDs where no TRANSACTION_ID_KEY is configured: one key, for every instance on this database.
CREATE TABLE transaction_id_key (
  only_one boolean PRIMARY KEY DEFAULT true CHECK (only_one),
  key bytea NOT NULL CHECK (length(key) = 32),
  created_at timestamptz NOT NULL DEFAULT now()
);

CREATE FUNCTION refuse_to_change_history() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% is append-only: % refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'restrict_violation';
END
$$;

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON user_wallet_transaction
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_to_change_history();

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON user_wallet_refusal
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_to_change_history();

-- Down Migration

DROP TABLE transaction_id_key;
DROP TABLE user_wallet_refusal;
DROP TABLE user_wallet_transaction;
DROP TABLE user_wallet;
DROP FUNCTION refuse_to_change_history();
