-- Up Migration

-- What a client adds to a movement, beside the transaction or the refusal that it belongs to: as columns there, it would
-- cost every row 8 bytes, since the bitmap of what is NULL would no longer fit into the row's header.
-- The recipient's half of a transfer has a row of its own if there is a reference, without the payer's metadata.
CREATE TABLE user_wallet_note (
  user_id text COLLATE "C" NOT NULL,
  transaction_id uuid NOT NULL,
  -- Of the transaction; NULL for a refusal.
  id bigint CHECK (id > 0),
  reference text CHECK (length(reference) BETWEEN 1 AND 64),
  -- json, not jsonb: it comes back as it was written, which is its one form (src/domain/note.ts).
  metadata json,
  PRIMARY KEY (transaction_id, user_id),
  CHECK (reference IS NOT NULL OR metadata IS NOT NULL)
);

-- The notes of a page of history are one range of it.
CREATE UNIQUE INDEX user_wallet_note_of_transaction ON user_wallet_note (user_id, id) WHERE id IS NOT NULL;

-- The transactions of a wallet under a reference, in the order of its history.
CREATE INDEX user_wallet_note_by_reference ON user_wallet_note (reference, user_id, id)
  WHERE reference IS NOT NULL AND id IS NOT NULL;

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON user_wallet_note
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_to_change_history();

-- Why a wallet was frozen, closed or opened again, by whom (NULL if no one is told apart) and when.
CREATE TABLE user_wallet_state_change (
  user_id text COLLATE "C" NOT NULL,
  id bigint NOT NULL CHECK (id > 0),
  state text NOT NULL CHECK (state IN ('open', 'frozen', 'closed')),
  reason text NOT NULL CHECK (length(reason) BETWEEN 1 AND 200),
  changed_by text COLLATE "C",
  changed_at timestamptz NOT NULL,
  PRIMARY KEY (user_id, id)
);

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON user_wallet_state_change
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_to_change_history();

-- NULL while the wallet is open. NOT VALID: the rows that are there are not read under this lock; 0005 reads them.
-- One change a statement, as Citus wants it.
ALTER TABLE user_wallet ADD COLUMN state text;
ALTER TABLE user_wallet ADD CONSTRAINT user_wallet_state_check
  CHECK (state IS NULL OR state = 'frozen' OR (state = 'closed' AND balance = 0)) NOT VALID;

ALTER TABLE user_wallet_refusal DROP CONSTRAINT user_wallet_refusal_code_check;
ALTER TABLE user_wallet_refusal ADD CONSTRAINT user_wallet_refusal_code_check CHECK (code IN (
    'TRANSACTION_ID_EXPIRED', 'WALLET_CLOSED', 'WALLET_FROZEN', 'PASSIVE_WALLET_CLOSED', 'VERSION_MISMATCH',
    'PASSIVE_WALLET_NOT_FOUND', 'INSUFFICIENT_BALANCE', 'BALANCE_LIMIT_EXCEEDED'
  )) NOT VALID;

-- Down Migration

ALTER TABLE user_wallet_refusal DROP CONSTRAINT user_wallet_refusal_code_check;
ALTER TABLE user_wallet_refusal ADD CONSTRAINT user_wallet_refusal_code_check CHECK (code IN (
    'TRANSACTION_ID_EXPIRED', 'PASSIVE_WALLET_NOT_FOUND', 'INSUFFICIENT_BALANCE', 'BALANCE_LIMIT_EXCEEDED'
  ));
ALTER TABLE user_wallet DROP COLUMN state;
DROP TABLE user_wallet_state_change;
DROP TABLE user_wallet_note;
