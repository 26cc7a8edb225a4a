-- Up Migration

-- Reads the table beside those who use it, and keeps no one waiting.
ALTER TABLE user_wallet_refusal VALIDATE CONSTRAINT user_wallet_refusal_code_check;

-- Down Migration

-- What was checked stays checked.
SELECT;
