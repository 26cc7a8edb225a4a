import { IDS, type Subject } from './subject.ts'

/**
 * What was noted under each transaction ID that anything was noted under, so that a ledger without notes costs nothing more.
 * A note is looked for by all that it says of where it belongs; one that no outcome is found for is of no type.
 */
export const notes: Subject = {
  key: 'transaction_id',
  rows: `
    SELECT transaction_id, (array_agg(user_id ORDER BY type DESC NULLS LAST, user_id))[1] AS user_id,
           (array_agg(id ORDER BY type DESC NULLS LAST, user_id))[1] AS id,
           count(*) FILTER (WHERE NOT belongs) AS strays,
           count(*) FILTER (WHERE type = 3 AND has_metadata) AS shown,
           count(reference) FILTER (WHERE type IN (3, 4)) AS carried,
           min(reference) FILTER (WHERE type IN (3, 4)) AS least, max(reference) FILTER (WHERE type IN (3, 4)) AS most,
           string_agg(
             format('%s of %s%s: %s%s',
               CASE WHEN NOT belongs THEN 'a note' WHEN type IS NULL THEN 'refusal'
                    ELSE coalesce((ARRAY['Deposit', 'Withdrawal', 'TransferIn', 'TransferOut'])[type], 'type ' || type) END,
               user_id, ', id ' || id, coalesce('reference ' || reference, 'no reference'),
               CASE WHEN has_metadata THEN ', metadata' END),
             '; ' ORDER BY type DESC NULLS LAST, user_id) AS described
    FROM (
      SELECT n.transaction_id, n.user_id, n.id, n.reference COLLATE "C" AS reference, n.metadata IS NOT NULL AS has_metadata,
             t.type, t.user_id IS NOT NULL OR r.user_id IS NOT NULL AS belongs
      FROM (SELECT user_id, transaction_id, id, reference, metadata FROM user_wallet_note WHERE ${IDS}) AS n
      LEFT JOIN (SELECT user_id, transaction_id, id, type FROM user_wallet_transaction WHERE ${IDS}) AS t
        ON t.transaction_id = n.transaction_id AND t.user_id = n.user_id AND t.id = n.id
      LEFT JOIN (SELECT user_id, transaction_id FROM user_wallet_refusal WHERE ${IDS}) AS r
        ON r.transaction_id = n.transaction_id AND r.user_id = n.user_id AND n.id IS NULL
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
