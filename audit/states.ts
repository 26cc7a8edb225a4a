import { type Subject, USERS } from './subject.ts'

/** Each change of a wallet's state with the one before it, which the primary key hands over in this order. */
export const changes: Subject = {
  key: 'user_id',
  rows: `
    SELECT user_id, id, NULL::uuid AS transaction_id, state, changed_at,
           lag(id, 1, 0::bigint) OVER wallet AS id_before,
           lag(state, 1, 'open') OVER wallet AS state_before,
           lag(changed_at, 1, '-infinity') OVER wallet AS changed_before
    FROM user_wallet_state_change
    WHERE ${USERS}
    WINDOW wallet AS (PARTITION BY user_id ORDER BY id)`,
  figures: {},
  conditions: [
    {
      check: 'change-ids',
      holds: 'id = id_before + 1',
      expected: `'change ' || id_before + 1`,
      found: `'change ' || id`,
    },
    {
      check: 'change-times',
      holds: 'changed_at > changed_before',
      expected: `'a change after ' || changed_before`,
      found: `'one at ' || changed_at`,
    },
    {
      check: 'change-steps',
      holds: 'state <> state_before',
      expected: `'another state than ' || state_before`,
      found: `'the state ' || state`,
    },
  ],
}

/** Each wallet with the newest change of its state; without a wallet, or without a change, too. */
export const states: Subject = {
  key: 'user_id',
  rows: `
    SELECT coalesce(w.user_id, newest.user_id) AS user_id, newest.id, NULL::uuid AS transaction_id,
           w.user_id IS NOT NULL AS is_wallet, w.balance, coalesce(w.state, 'open') AS state,
           coalesce(newest.state, 'open') AS last_state
    FROM (SELECT user_id, balance, state FROM user_wallet WHERE ${USERS}) AS w
    FULL JOIN (
      SELECT user_id, id, state
      FROM (
        SELECT user_id, id, state, lead(id) OVER (PARTITION BY user_id ORDER BY id) AS id_after
        FROM user_wallet_state_change
        WHERE ${USERS}
      ) AS change
      WHERE id_after IS NULL
    ) AS newest USING (user_id)`,
  figures: {},
  conditions: [
    {
      check: 'wallet-state',
      holds: 'is_wallet AND state = last_state',
      expected: `'the state ' || last_state`,
      found: `CASE WHEN is_wallet THEN 'the state ' || state ELSE 'no wallet' END`,
    },
    {
      check: 'closed',
      holds: `state <> 'closed' OR balance = 0`,
      expected: `'a closed wallet with balance 0'`,
      found: `'balance ' || balance`,
    },
  ],
}
