-- Up Migration

-- Several keys, in the order in which they were made. Each but the first begins an epoch of the ledger, and retires what signed
-- before (docs/decisions/recovery.md). An instance of the release before names only the key: what it keeps has number 1, once.
ALTER TABLE transaction_id_key DROP COLUMN only_one;
ALTER TABLE transaction_id_key
  ADD COLUMN number bigint NOT NULL DEFAULT 1 CHECK (number > 0),
  ADD COLUMN epoch uuid NOT NULL DEFAULT gen_random_uuid(),
  ADD PRIMARY KEY (number);

-- What is retired stays so.
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON transaction_id_key
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_to_change_history();

-- NOT VALID: the rows that are there are not read under this lock; 0009 reads them.
ALTER TABLE user_wallet_refusal DROP CONSTRAINT user_wallet_refusal_code_check;
ALTER TABLE user_wallet_refusal ADD CONSTRAINT user_wallet_refusal_code_check CHECK (code IN (
    'TRANSACTION_ID_RETIRED', 'TRANSACTION_ID_EXPIRED', 'WALLET_CLOSED', 'WALLET_FROZEN', 'PASSIVE_WALLET_CLOSED',
    'VERSION_MISMATCH', 'PASSIVE_WALLET_NOT_FOUND', 'INSUFFICIENT_BALANCE', 'BALANCE_LIMIT_EXCEEDED'
  )) NOT VALID;

-- Down Migration

ALTER TABLE user_wallet_refusal DROP CONSTRAINT user_wallet_refusal_code_check;
ALTER TABLE user_wallet_refusal ADD CONSTRAINT user_wallet_refusal_code_check CHECK (code IN (
    'TRANSACTION_ID_EXPIRED', 'WALLET_CLOSED', 'WALLET_FROZEN', 'PASSIVE_WALLET_CLOSED', 'VERSION_MISMATCH',
    'PASSIVE_WALLET_NOT_FOUND', 'INSUFFICIENT_BALANCE', 'BALANCE_LIMIT_EXCEEDED'
  ));
DROP TRIGGER append_only ON transaction_id_key;
ALTER TABLE transaction_id_key DROP COLUMN epoch;
ALTER TABLE transaction_id_key DROP COLUMN number;
-- Fails if the ledger was restored: retired keys would be good again.
ALTER TABLE transaction_id_key ADD COLUMN only_one boolean PRIMARY KEY DEFAULT true CHECK (only_one);
