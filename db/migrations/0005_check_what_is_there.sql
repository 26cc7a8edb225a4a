-- Up Migration

-- Reads the tables beside those who use them, and keeps no one waiting.
ALTER TABLE user_wallet VALIDATE CONSTRAINT user_wallet_state_check;
ALTER TABLE user_wallet_refusal VALIDATE CONSTRAINT user_wallet_refusal_code_check;

-- Down Migration

-- What was checked stays checked.
SELECT;
