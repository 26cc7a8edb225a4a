-- What the service needs of its database, and nothing more. Run by the owner of the schema after each "npm run migrate":
--   psql "$OWNER_URL" -v service=wallet_service -f db/grants.sql
BEGIN;

REVOKE CREATE ON SCHEMA public FROM PUBLIC;
REVOKE TEMPORARY ON DATABASE :"DBNAME" FROM PUBLIC;
REVOKE ALL ON ALL TABLES IN SCHEMA public FROM :"service";

GRANT CONNECT ON DATABASE :"DBNAME" TO :"service";
GRANT USAGE ON SCHEMA public TO :"service";
GRANT SELECT ON wallet_migration TO :"service";
-- A wallet moves; whose it is and since when stays.
GRANT SELECT, INSERT, UPDATE (balance, version, updated_at, state) ON user_wallet TO :"service";
-- History, refusals, notes and changes of state are only added to.
GRANT SELECT, INSERT ON user_wallet_transaction, user_wallet_refusal, user_wallet_note, user_wallet_state_change TO :"service";
-- What is added to transaction numbers for the feed.
GRANT SELECT, INSERT ON feed_offset TO :"service";
-- How far the webhook has come. Without WEBHOOK_URL the role needs SELECT only, for the console.
GRANT SELECT, INSERT, UPDATE (feed_number, user_id, id, transaction_id, epoch, batch_size, delivered_at, failing_since, failures, last_error)
  ON webhook_delivery TO :"service";
-- The key that signs transaction IDs, and the ledger's epochs. With TRANSACTION_ID_KEY set, SELECT is enough.
GRANT SELECT, INSERT ON transaction_id_key TO :"service";
-- What the auditor found, for the console. Who audits as another role grants that one INSERT, UPDATE and SELECT on it.
GRANT SELECT ON wallet_audit TO :"service";

COMMIT;
