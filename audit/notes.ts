import { IDS, type Subject } from './subject.ts'

/**
 * What was noted under each transaction ID that anything was noted under, so that a ledger without notes costs nothing more.
 * What a note belongs to is looked up by all that it says of it; a note of nothing that is there is of no type. The look-ups are
 * one by one, in about the order of time: joined, both tables might be read by user, and in full, for every range.
 */
export const notes: Subject = {
  key: 'transaction_id',
  rows: `
    SELECT transaction_id, (array_agg(user_id ORDER BY type DESC NULLS LAST, user_id))[1] AS user_id,
           (array_agg(id ORDER BY type DESC NULLS LAST, user_id))[1] AS id,
           count(*) FILTER (WHERE belongs IS NOT TRUE) AS strays,
           count(*) FILTER (WHERE type = 3 AND has_metadata) AS shown,
           count(reference) FILTER (WHERE type IN (3, 4)) AS carried,
           min(reference) FILTER (WHERE type IN (3, 4)) AS least, max(reference) FILTER (WHERE type IN (3, 4)) AS most,
           string_agg(
             format('%s of %s%s: %s%s',
               CASE WHEN belongs IS NOT TRUE THEN 'a note' WHEN type IS NULL THEN 'refusal'
                    ELSE coalesce((ARRAY['Deposit', 'Withdrawal', 'TransferIn', 'TransferOut'])[type], 'type ' || type) END,
               user_id, ', id ' || id, coalesce('reference ' || reference, 'no reference'),
               CASE WHEN has_metadata THEN ', metadata' END),
             '; ' ORDER BY type DESC NULLS LAST, user_id) AS described
    FROM (
      SELECT n.transaction_id, n.user_id, n.id, n.reference COLLATE "C" AS reference, n.metadata IS NOT NULL AS has_metadata,
             t.type, t.is_there OR r.is_there AS belongs
      FROM (SELECT user_id, transaction_id, id, reference, metadata FROM user_wallet_note WHERE ${IDS}) AS n
      LEFT JOIN LATERAL (
        SELECT true AS is_there, type FROM user_wallet_transaction
        WHERE user_id = n.user_id AND transaction_id = n.transaction_id AND id = n.id
        LIMIT 1
      ) AS t ON true
      LEFT JOIN LATERAL (
        SELECT true AS is_there FROM user_wallet_refusal
        WHERE user_id = n.user_id AND transaction_id = n.transaction_id AND n.id IS NULL
        LIMIT 1
      ) AS r ON true
    ) AS note
    GROUP BY transaction_id`,
  figures: {},
  conditions: [
    {
      check: 'notes',
      holds: 'strays = 0',
      expected: `'notes of transactions and refusals that are there'`,
      found: 'described',
    },
    {
      check: 'references',
      holds: 'carried = 0 OR carried = 2 AND least = most',
      expected: `'one reference on both halves'`,
      found: 'described',
    },
    {
      check: 'metadata',
      holds: 'shown = 0',
      expected: `'no metadata on the TransferIn'`,
      found: 'described',
    },
  ],
}
