import { MAX_UNITS } from '../src/domain/money.ts'
import { IDS, type Subject, USERS } from './subject.ts'

/** What a transaction does to its wallet's balance. As numeric, so that a damaged amount can't overflow it. */
const CHANGE = 'CASE WHEN type IN (1, 3) THEN amount::numeric WHEN type IN (2, 4) THEN -amount::numeric END'

/** Each transaction with the one before it in its wallet, which the primary key hands over in this order. */
export const steps: Subject = {
  key: 'user_id',
  rows: `
    SELECT user_id, id, transaction_id, type, amount, passive_user_id, balance, created_at, ${CHANGE} AS change,
           lag(id, 1, 0::bigint) OVER wallet AS id_before,
           lag(balance, 1, 0::bigint) OVER wallet AS balance_before,
           lag(created_at, 1, '-infinity') OVER wallet AS created_before
    FROM user_wallet_transaction
    WHERE ${USERS}
    WINDOW wallet AS (PARTITION BY user_id ORDER BY id)`,
  figures: { transactions: 'count(*)' },
  conditions: [
    {
      check: 'ids',
      holds: 'id = id_before + 1',
      expected: `'id ' || id_before + 1`,
      found: `'id ' || id`,
    },
    {
      check: 'balances',
      holds: 'balance = balance_before + change',
      expected: `format('balance %s (%s before)', balance_before + change, balance_before)`,
      found: `'balance ' || balance`,
    },
    {
      check: 'times',
      holds: 'created_at > created_before',
      expected: `'createdAt after ' || created_before`,
      found: `'createdAt ' || created_at`,
    },
    {
      check: 'limits',
      holds: `type BETWEEN 1 AND 4 AND (passive_user_id IS NOT NULL) = (type IN (3, 4))
              AND amount BETWEEN 1 AND ${MAX_UNITS} AND balance BETWEEN 0 AND ${MAX_UNITS}`,
      expected: `'type 1 to 4, amount 1 to ${MAX_UNITS}, balance 0 to ${MAX_UNITS}, passiveUserID for types 3 and 4 alone'`,
      found: `format('type %s, amount %s, balance %s, passiveUserID %s', type, amount, balance, coalesce(passive_user_id, 'null'))`,
    },
  ],
}

/** Each wallet with its transactions added up and the last of them; without a wallet, or without transactions, too. */
export const wallets: Subject = {
  key: 'user_id',
  rows: `
    SELECT coalesce(w.user_id, t.user_id) AS user_id, last.id, last.transaction_id,
           w.user_id IS NOT NULL AS is_wallet, w.balance, w.version, w.updated_at,
           t.transactions, t.deposited, t.withdrawn, coalesce(t.sum, 0) AS sum,
           coalesce(last.id, 0) AS last_id, coalesce(last.balance, 0) AS last_balance,
           coalesce(last.created_at, w.created_at) AS last_moved
    FROM (SELECT user_id, balance, version, created_at, updated_at FROM user_wallet WHERE ${USERS}) AS w
    FULL JOIN (
      SELECT user_id, count(*) AS transactions, sum(${CHANGE}) AS sum,
             sum(amount) FILTER (WHERE type = 1) AS deposited, sum(amount) FILTER (WHERE type = 2) AS withdrawn
      FROM user_wallet_transaction
      WHERE ${USERS}
      GROUP BY user_id
    ) AS t USING (user_id)
    LEFT JOIN LATERAL (
      SELECT id, transaction_id, balance, created_at
      FROM user_wallet_transaction
      WHERE user_id = t.user_id
      ORDER BY id DESC
      LIMIT 1
    ) AS last ON true`,
  figures: {
    wallets: 'count(*) FILTER (WHERE is_wallet)',
    held: 'coalesce(sum(balance), 0)',
    deposited: 'coalesce(sum(deposited), 0)',
    withdrawn: 'coalesce(sum(withdrawn), 0)',
  },
  conditions: [
    {
      check: 'wallet-balance',
      holds: 'NOT is_wallet OR balance = sum AND balance = last_balance',
      expected: `format('balance %s (sum of its transactions) and %s (after the last)', sum, last_balance)`,
      found: `'balance ' || balance`,
    },
    {
      check: 'wallet-version',
      holds: 'NOT is_wallet OR version = last_id AND updated_at = last_moved',
      expected: `format('version %s, updatedAt %s', last_id, last_moved)`,
      found: `format('version %s, updatedAt %s', version, updated_at)`,
    },
    { check: 'wallet-missing', holds: 'is_wallet', expected: `'a wallet'`, found: `transactions || ' transactions'` },
  ],
}

/** Everything that was kept of a transaction ID: its transactions, and its refusals. */
export const outcomes: Subject = {
  key: 'transaction_id',
  rows: `
    SELECT transaction_id, coalesce(t.user_id, r.user_id) AS user_id, t.id,
           coalesce(t.transactions, 0) AS transactions, coalesce(t.outs, 0) AS outs, coalesce(t.ins, 0) AS ins,
           coalesce(t.transactions - t.ins, 0) + coalesce(r.refusals, 0) AS outcomes, coalesce(r.refusals, 0) AS refusals,
           t.outs = 1 AND t.ins = 1 AND t.payer = t.named_by_payee AND t.payee = t.named_by_payer
             AND t.least = t.most AND t.earliest = t.latest AS are_halves,
           concat_ws('; ', t.described, r.described) AS described
    FROM (
      SELECT transaction_id, count(*) AS transactions,
             count(*) FILTER (WHERE type = 4) AS outs, count(*) FILTER (WHERE type = 3) AS ins,
             min(user_id) FILTER (WHERE type = 4) AS payer, min(passive_user_id) FILTER (WHERE type = 4) AS named_by_payer,
             min(user_id) FILTER (WHERE type = 3) AS payee, min(passive_user_id) FILTER (WHERE type = 3) AS named_by_payee,
             min(amount) FILTER (WHERE type IN (3, 4)) AS least, max(amount) FILTER (WHERE type IN (3, 4)) AS most,
             min(created_at) FILTER (WHERE type IN (3, 4)) AS earliest, max(created_at) FILTER (WHERE type IN (3, 4)) AS latest,
             (array_agg(user_id ORDER BY type DESC, user_id, id))[1] AS user_id, (array_agg(id ORDER BY type DESC, user_id, id))[1] AS id,
             string_agg(
               format('%s of %s, id %s, amount %s%s, createdAt %s',
                 coalesce((ARRAY['Deposit', 'Withdrawal', 'TransferIn', 'TransferOut'])[type], 'type ' || type), user_id, id, amount,
                 ', passiveUserID ' || passive_user_id, created_at),
               '; ' ORDER BY type DESC, user_id, id) AS described
      FROM user_wallet_transaction
      WHERE ${IDS}
      GROUP BY transaction_id
    ) AS t
    FULL JOIN (
      SELECT transaction_id, count(*) AS refusals, min(user_id) AS user_id,
             string_agg(format('refusal of %s, %s, createdAt %s', user_id, code, created_at), '; ' ORDER BY user_id) AS described
      FROM user_wallet_refusal
      WHERE ${IDS}
      GROUP BY transaction_id
    ) AS r USING (transaction_id)`,
  figures: {
    transactionIDs: 'count(*)',
    'found by ID': 'coalesce(sum(transactions), 0)',
    transfers: 'count(*) FILTER (WHERE are_halves)',
    refusals: 'coalesce(sum(refusals), 0)',
  },
  conditions: [
    {
      check: 'transfer-halves',
      holds: 'outs = 0 AND ins = 0 OR are_halves',
      expected: `'one TransferOut and one TransferIn that name each other, with one amount and one createdAt'`,
      found: 'described',
    },
    // A TransferIn alone is no outcome, and for the check above to find.
    { check: 'one-outcome', holds: 'outcomes <= 1', expected: `'one outcome'`, found: 'described' },
  ],
}
