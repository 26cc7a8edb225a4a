-- Up Migration

-- What the auditor found when it last looked, for the people on call: audit/keep.ts writes it, the console shows it.
CREATE TABLE wallet_audit (
  only_one boolean PRIMARY KEY DEFAULT true CHECK (only_one),
  taken_at timestamptz NOT NULL,
  report json NOT NULL
);

-- Down Migration

DROP TABLE wallet_audit;
