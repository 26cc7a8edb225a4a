import t from 'tap'
import { auditLedger } from '../../audit/audit.ts'
import { damage, writeLedger } from '../support/database/audited-ledger.ts'

const ID = '0193cdb2-1d20-8000-8000-00000000000'

/** What someone with every right can do without leaving a contradiction behind: docs/security.md says so. */
const REWRITTEN: Readonly<Record<string, string>> = {
  'a deposit that was made larger, with every balance after it': `
    UPDATE user_wallet_transaction SET amount = amount + 1000 WHERE user_id = 'ann' AND id = 1;
    UPDATE user_wallet_transaction SET balance = balance + 1000 WHERE user_id = 'ann';
    UPDATE user_wallet SET balance = balance + 1000 WHERE user_id = 'ann'`,
  'a newest transaction that is gone, as after a restore': `
    DELETE FROM user_wallet_transaction WHERE user_id = 'ann' AND id = 6;
    UPDATE user_wallet SET balance = 125, version = 5,
      updated_at = (SELECT created_at FROM user_wallet_transaction WHERE user_id = 'ann' AND id = 5)
    WHERE user_id = 'ann'`,
  'a wallet that is gone with all that happened to it': `
    DELETE FROM user_wallet_transaction WHERE user_id = 'zoe';
    DELETE FROM user_wallet WHERE user_id = 'zoe'`,
  'a refusal that is gone with its reference': `
    DELETE FROM user_wallet_refusal WHERE transaction_id = '${ID}7';
    DELETE FROM user_wallet_note WHERE transaction_id = '${ID}7'`,
  'metadata that is gone': `DELETE FROM user_wallet_note WHERE transaction_id = '${ID}1'`,
  'another reason for a change of state': `UPDATE user_wallet_state_change SET reason = 'another', changed_by = 'bob'`,
  'another place in the feed': `UPDATE user_wallet_transaction SET feed_number = feed_number + 1 WHERE user_id = 'ann'`,
}

for (const [what, statements] of Object.entries(REWRITTEN)) {
  t.test(`the auditor cannot find ${what}, since nothing contradicts it`, async (t) => {
    const address = await writeLedger(t)
    await damage(address, statements)
    t.same((await auditLedger(address)).findings, [])
  })
}
