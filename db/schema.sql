-- The schema that db/migrations add up to. Written by "npm run schema"; do not edit.

CREATE TABLE feed_offset (
  added bigint NOT NULL,
  begun_at timestamp with time zone DEFAULT now() NOT NULL,
  CONSTRAINT feed_offset_added_check CHECK (added > 0),
  CONSTRAINT feed_offset_pkey PRIMARY KEY (added)
);

CREATE TABLE transaction_id_key (
  key bytea NOT NULL,
  created_at timestamp with time zone DEFAULT now() NOT NULL,
  number bigint DEFAULT 1 NOT NULL,
  epoch uuid DEFAULT gen_random_uuid() NOT NULL,
  CONSTRAINT transaction_id_key_key_check CHECK (length(key) = 32),
  CONSTRAINT transaction_id_key_number_check CHECK (number > 0),
  CONSTRAINT transaction_id_key_pkey PRIMARY KEY (number)
);

CREATE TABLE user_wallet (
  user_id text COLLATE "C" NOT NULL,
  balance bigint NOT NULL,
  version bigint NOT NULL,
  created_at timestamp with time zone NOT NULL,
  updated_at timestamp with time zone NOT NULL,
  state text,
  CONSTRAINT user_wallet_balance_check CHECK (balance >= 0 AND balance <= '9007199254740991'::bigint),
  CONSTRAINT user_wallet_pkey PRIMARY KEY (user_id),
  CONSTRAINT user_wallet_state_check CHECK (state IS NULL OR state = 'frozen'::text OR state = 'closed'::text AND balance = 0),
  CONSTRAINT user_wallet_version_check CHECK (version >= 0)
) WITH (fillfactor=60);

CREATE TABLE user_wallet_note (
  user_id text COLLATE "C" NOT NULL,
  transaction_id uuid NOT NULL,
  id bigint,
  reference text,
  metadata json,
  CONSTRAINT user_wallet_note_check CHECK (reference IS NOT NULL OR metadata IS NOT NULL),
  CONSTRAINT user_wallet_note_id_check CHECK (id > 0),
  CONSTRAINT user_wallet_note_pkey PRIMARY KEY (transaction_id, user_id),
  CONSTRAINT user_wallet_note_reference_check CHECK (length(reference) >= 1 AND length(reference) <= 64)
);

CREATE TABLE user_wallet_refusal (
  user_id text COLLATE "C" NOT NULL,
  transaction_id uuid NOT NULL,
  type smallint NOT NULL,
  amount bigint NOT NULL,
  passive_user_id text COLLATE "C",
  code text NOT NULL,
  request_id text NOT NULL,
  created_at timestamp with time zone NOT NULL,
  CONSTRAINT user_wallet_refusal_amount_check CHECK (amount >= 1 AND amount <= '9007199254740991'::bigint),
  CONSTRAINT user_wallet_refusal_check CHECK ((passive_user_id IS NOT NULL) = (type = 4)),
  CONSTRAINT user_wallet_refusal_code_check CHECK (code = ANY (ARRAY['TRANSACTION_ID_RETIRED'::text, 'TRANSACTION_ID_EXPIRED'::text, 'WALLET_CLOSED'::text, 'WALLET_FROZEN'::text, 'PASSIVE_WALLET_CLOSED'::text, 'VERSION_MISMATCH'::text, 'PASSIVE_WALLET_NOT_FOUND'::text, 'INSUFFICIENT_BALANCE'::text, 'BALANCE_LIMIT_EXCEEDED'::text])),
  CONSTRAINT user_wallet_refusal_pkey PRIMARY KEY (transaction_id, user_id),
  CONSTRAINT user_wallet_refusal_type_check CHECK (type = ANY (ARRAY[1, 2, 4]))
);

CREATE TABLE user_wallet_state_change (
  user_id text COLLATE "C" NOT NULL,
  id bigint NOT NULL,
  state text NOT NULL,
  reason text NOT NULL,
  changed_by text COLLATE "C",
  changed_at timestamp with time zone NOT NULL,
  CONSTRAINT user_wallet_state_change_id_check CHECK (id > 0),
  CONSTRAINT user_wallet_state_change_pkey PRIMARY KEY (user_id, id),
  CONSTRAINT user_wallet_state_change_reason_check CHECK (length(reason) >= 1 AND length(reason) <= 200),
  CONSTRAINT user_wallet_state_change_state_check CHECK (state = ANY (ARRAY['open'::text, 'frozen'::text, 'closed'::text]))
);

CREATE TABLE user_wallet_transaction (
  user_id text COLLATE "C" NOT NULL,
  id bigint NOT NULL,
  transaction_id uuid NOT NULL,
  type smallint NOT NULL,
  amount bigint NOT NULL,
  passive_user_id text COLLATE "C",
  balance bigint NOT NULL,
  created_at timestamp with time zone NOT NULL,
  feed_number bigint DEFAULT GREATEST(((pg_current_xact_id())::text)::bigint, (((pg_snapshot_xmax(pg_current_snapshot()))::text)::bigint - 1)) NOT NULL,
  CONSTRAINT user_wallet_transaction_amount_check CHECK (amount >= 1 AND amount <= '9007199254740991'::bigint),
  CONSTRAINT user_wallet_transaction_balance_check CHECK (balance >= 0 AND balance <= '9007199254740991'::bigint),
  CONSTRAINT user_wallet_transaction_check CHECK ((passive_user_id IS NOT NULL) = (type = ANY (ARRAY[3, 4]))),
  CONSTRAINT user_wallet_transaction_id_check CHECK (id > 0),
  CONSTRAINT user_wallet_transaction_pkey PRIMARY KEY (user_id, id),
  CONSTRAINT user_wallet_transaction_transaction_id_user_id_key UNIQUE (transaction_id, user_id),
  CONSTRAINT user_wallet_transaction_type_check CHECK (type >= 1 AND type <= 4)
);

CREATE TABLE wallet_audit (
  only_one boolean DEFAULT true NOT NULL,
  taken_at timestamp with time zone NOT NULL,
  report json NOT NULL,
  CONSTRAINT wallet_audit_only_one_check CHECK (only_one),
  CONSTRAINT wallet_audit_pkey PRIMARY KEY (only_one)
);

CREATE TABLE webhook_delivery (
  only_one boolean DEFAULT true NOT NULL,
  feed_number bigint NOT NULL,
  user_id text COLLATE "C" NOT NULL,
  id bigint NOT NULL,
  transaction_id uuid NOT NULL,
  epoch text NOT NULL,
  batch_size integer DEFAULT 0 NOT NULL,
  delivered_at timestamp with time zone,
  failing_since timestamp with time zone,
  failures integer DEFAULT 0 NOT NULL,
  last_error text,
  CONSTRAINT webhook_delivery_batch_size_check CHECK (batch_size >= 0),
  CONSTRAINT webhook_delivery_check CHECK ((failures = 0) = (failing_since IS NULL) AND (failures = 0) = (last_error IS NULL)),
  CONSTRAINT webhook_delivery_failures_check CHECK (failures >= 0),
  CONSTRAINT webhook_delivery_only_one_check CHECK (only_one),
  CONSTRAINT webhook_delivery_pkey PRIMARY KEY (only_one)
);

CREATE INDEX user_wallet_note_by_reference ON user_wallet_note USING btree (reference, user_id, id) WHERE reference IS NOT NULL AND id IS NOT NULL;

CREATE UNIQUE INDEX user_wallet_note_of_transaction ON user_wallet_note USING btree (user_id, id) WHERE id IS NOT NULL;

CREATE INDEX user_wallet_transaction_by_feed ON user_wallet_transaction USING btree (feed_number, user_id, id);

CREATE INDEX user_wallet_transaction_by_time ON user_wallet_transaction USING btree (user_id, created_at, id);

CREATE OR REPLACE FUNCTION public.refuse_to_change_history()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
BEGIN
  RAISE EXCEPTION '% is append-only: % refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'restrict_violation';
END
$function$;

CREATE TRIGGER append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON transaction_id_key FOR EACH STATEMENT EXECUTE FUNCTION refuse_to_change_history();

CREATE TRIGGER append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON user_wallet_note FOR EACH STATEMENT EXECUTE FUNCTION refuse_to_change_history();

CREATE TRIGGER append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON user_wallet_refusal FOR EACH STATEMENT EXECUTE FUNCTION refuse_to_change_history();

CREATE TRIGGER append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON user_wallet_state_change FOR EACH STATEMENT EXECUTE FUNCTION refuse_to_change_history();

CREATE TRIGGER append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON user_wallet_transaction FOR EACH STATEMENT EXECUTE FUNCTION refuse_to_change_history();
