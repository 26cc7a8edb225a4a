import t from 'tap'
import { type AuditReport, auditLedger } from '../../audit/audit.ts'
import { CHECKS, type CheckName } from '../../audit/checks.ts'
import { describeFinding } from '../../audit/report.ts'
import { damage, writeLedger } from '../support/database/audited-ledger.ts'

interface Damage {
  readonly what: string
  readonly statements: string
  /** All that the auditor says, with `#n` for the nth transaction ID and `T` for a time. */
  readonly found: readonly string[]
}

const ID = '0193cdb2-1d20-8000-8000-00000000000'
const NO_CHECKS = `ALTER TABLE user_wallet DROP CONSTRAINT user_wallet_balance_check;
  ALTER TABLE user_wallet_transaction DROP CONSTRAINT user_wallet_transaction_balance_check;
  ALTER TABLE user_wallet_transaction DROP CONSTRAINT user_wallet_transaction_check;`
const HALVES = 'expected one TransferOut and one TransferIn that name each other, with one amount and one createdAt'
const LIMITS =
  'expected type 1 to 4, amount 1 to 9007199254740991, balance 0 to 9007199254740991, passiveUserID for types 3 and 4 alone'

/** The wallet of eve, who has no transactions, gets one; the rest of the row is the caller's. */
function insertForEve(row: string): string {
  return `INSERT INTO user_wallet_transaction
    (user_id, id, transaction_id, type, amount, passive_user_id, balance, created_at)
    SELECT 'eve', 1, ${row}, updated_at FROM user_wallet WHERE user_id = 'eve';`
}

function update(userID: string, id: number, set: string): string {
  return `UPDATE user_wallet_transaction SET ${set} WHERE user_id = '${userID}' AND id = ${id};`
}

const NOTES = 'expected notes of transactions and refusals that are there'
const REFERENCE = 'expected one reference on both halves'
const OUT = 'TransferOut of ann, id 4: reference rent, metadata'
const IN = 'TransferIn of bob, id 1: reference rent'

function note(userID: string, digit: number, set: string): string {
  return `UPDATE user_wallet_note SET ${set} WHERE user_id = '${userID}' AND transaction_id = '${ID}${digit}';`
}

function change(userID: string, id: number, state: string): string {
  return `INSERT INTO user_wallet_state_change (user_id, id, state, reason, changed_at)
    VALUES ('${userID}', ${id}, '${state}', 'why', now());`
}

/** For each check what it must find. What one damage breaks twice, as missing money does, is found twice. */
const DAMAGES: Readonly<Record<CheckName, readonly Damage[]>> = {
  'wallet-balance': [
    {
      what: 'a unit that moved from one wallet to another without a transaction',
      statements: `UPDATE user_wallet SET balance = balance + CASE user_id WHEN 'ann' THEN 1 ELSE -1 END WHERE user_id IN ('ann', 'bob')`,
      found: [
        'wallet-balance: user "ann", id 6, transaction ID #8: expected balance 126 (sum of its transactions) and 126 (after the last); found balance 127',
        'wallet-balance: user "bob", id 3, transaction ID #6: expected balance 16 (sum of its transactions) and 16 (after the last); found balance 15',
      ],
    },
    {
      what: 'a last transaction with another balance',
      statements: update('ann', 6, 'balance = 127'),
      found: [
        'wallet-balance: user "ann", id 6, transaction ID #8: expected balance 126 (sum of its transactions) and 127 (after the last); found balance 126',
        'balances: user "ann", id 6, transaction ID #8: expected balance 126 (125 before); found balance 127',
      ],
    },
    {
      what: 'a wallet without transactions that holds something',
      statements: `UPDATE user_wallet SET balance = balance + CASE user_id WHEN 'eve' THEN 1 ELSE -1 END WHERE user_id IN ('eve', 'bob')`,
      found: [
        'wallet-balance: user "bob", id 3, transaction ID #6: expected balance 16 (sum of its transactions) and 16 (after the last); found balance 15',
        'wallet-balance: user "eve": expected balance 0 (sum of its transactions) and 0 (after the last); found balance 1',
      ],
    },
  ],
  'wallet-version': [
    {
      what: 'a version that is not the last id',
      statements: `UPDATE user_wallet SET version = 7 WHERE user_id = 'ann'`,
      found: [
        'wallet-version: user "ann", id 6, transaction ID #8: expected version 6, updatedAt T; found version 7, updatedAt T',
      ],
    },
    {
      what: 'a version without transactions',
      statements: `UPDATE user_wallet SET version = 1 WHERE user_id = 'eve'`,
      found: ['wallet-version: user "eve": expected version 0, updatedAt T; found version 1, updatedAt T'],
    },
    {
      what: 'a wallet that was updated when nothing happened',
      statements: `UPDATE user_wallet SET updated_at = updated_at + interval '1 microsecond' WHERE user_id = 'bob'`,
      found: [
        'wallet-version: user "bob", id 3, transaction ID #6: expected version 3, updatedAt T; found version 3, updatedAt T',
      ],
    },
  ],
  'wallet-missing': [
    {
      what: 'a wallet that is gone',
      statements: `DELETE FROM user_wallet WHERE user_id = 'zoe'`,
      found: ['wallet-missing: user "zoe", id 2, transaction ID #10: expected a wallet; found 2 transactions'],
    },
  ],
  ids: [
    {
      what: 'an id that was left out',
      statements: `${update('ann', 6, 'id = 7')} UPDATE user_wallet SET version = 7 WHERE user_id = 'ann'`,
      found: ['ids: user "ann", id 7, transaction ID #8: expected id 6; found id 7'],
    },
    {
      what: 'ids that begin at 2',
      statements: `${update('zoe', 2, 'id = 3')} ${update('zoe', 1, 'id = 2')}
        UPDATE user_wallet SET version = 3 WHERE user_id = 'zoe'`,
      found: ['ids: user "zoe", id 2, transaction ID #9: expected id 1; found id 2'],
    },
  ],
  balances: [
    {
      what: 'a balance that is wrong in the middle of a history',
      statements: update('ann', 2, 'balance = 151'),
      found: [
        'balances: user "ann", id 2, transaction ID #2: expected balance 150 (100 before); found balance 151',
        'balances: user "ann", id 3, transaction ID #3: expected balance 141 (151 before); found balance 140',
      ],
    },
    {
      what: 'a first balance that does not begin at 0',
      statements: update('zoe', 1, 'balance = 8'),
      found: [
        'balances: user "zoe", id 1, transaction ID #9: expected balance 7 (0 before); found balance 8',
        'balances: user "zoe", id 2, transaction ID #10: expected balance 1 (8 before); found balance 0',
      ],
    },
  ],
  times: [
    {
      what: 'two transactions of a wallet at one time',
      statements: update(
        'ann',
        3,
        `created_at = (SELECT created_at FROM user_wallet_transaction WHERE transaction_id = '${ID}2')`,
      ),
      found: ['times: user "ann", id 3, transaction ID #3: expected createdAt after T; found createdAt T'],
    },
    {
      what: 'a transaction that is older than the one before it',
      statements:
        update('bob', 2, `created_at = created_at - interval '1 day'`) +
        update('ann', 5, `created_at = created_at - interval '1 day'`),
      found: [
        'times: user "ann", id 5, transaction ID #5: expected createdAt after T; found createdAt T',
        'times: user "bob", id 2, transaction ID #5: expected createdAt after T; found createdAt T',
      ],
    },
  ],
  limits: [
    {
      what: 'a balance below 0 that all else agrees with',
      statements: `${NO_CHECKS} ${insertForEve(`'${ID}0', 2, 5, NULL, -5`)}
        UPDATE user_wallet SET balance = -5, version = 1 WHERE user_id = 'eve'`,
      found: [
        `limits: user "eve", id 1, transaction ID #0: ${LIMITS}; found type 2, amount 5, balance -5, passiveUserID null`,
      ],
    },
    {
      what: 'a deposit with a passive user',
      statements: `${NO_CHECKS} ${update('ann', 1, `passive_user_id = 'bob'`)}`,
      found: [
        `limits: user "ann", id 1, transaction ID #1: ${LIMITS}; found type 1, amount 100, balance 100, passiveUserID bob`,
      ],
    },
  ],
  'transfer-halves': [
    {
      what: 'a TransferIn that names someone else',
      statements: update('bob', 1, `passive_user_id = 'eve'`),
      found: [
        `transfer-halves: user "ann", id 4, transaction ID #4: ${HALVES}; found TransferOut of ann, id 4, amount 20, passiveUserID bob, createdAt T; TransferIn of bob, id 1, amount 20, passiveUserID eve, createdAt T`,
      ],
    },
    {
      what: 'a TransferOut that names someone else',
      statements: update('ann', 4, `passive_user_id = 'eve'`),
      found: [
        `transfer-halves: user "ann", id 4, transaction ID #4: ${HALVES}; found TransferOut of ann, id 4, amount 20, passiveUserID eve, createdAt T; TransferIn of bob, id 1, amount 20, passiveUserID ann, createdAt T`,
      ],
    },
    {
      what: 'a TransferIn at another time',
      statements: update('bob', 1, `created_at = created_at - interval '1 microsecond'`),
      found: [
        `transfer-halves: user "ann", id 4, transaction ID #4: ${HALVES}; found TransferOut of ann, id 4, amount 20, passiveUserID bob, createdAt T; TransferIn of bob, id 1, amount 20, passiveUserID ann, createdAt T`,
      ],
    },
    {
      what: 'halves under two IDs',
      statements: update('ann', 5, `transaction_id = '${ID}0'`),
      found: [
        `transfer-halves: user "ann", id 5, transaction ID #0: ${HALVES}; found TransferIn of ann, id 5, amount 5, passiveUserID bob, createdAt T`,
        `transfer-halves: user "bob", id 2, transaction ID #5: ${HALVES}; found TransferOut of bob, id 2, amount 5, passiveUserID ann, createdAt T`,
      ],
    },
  ],
  'one-outcome': [
    {
      what: 'a deposit that was refused as well',
      statements: `INSERT INTO user_wallet_refusal
        SELECT user_id, transaction_id, type, amount, NULL, 'BALANCE_LIMIT_EXCEEDED', 'r', created_at
        FROM user_wallet_transaction WHERE user_id = 'ann' AND id = 2`,
      found: [
        'one-outcome: user "ann", id 2, transaction ID #2: expected one outcome; found Deposit of ann, id 2, amount 50, createdAt T; refusal of ann, BALANCE_LIMIT_EXCEEDED, createdAt T',
      ],
    },
    {
      what: 'deposits of two users with one ID',
      statements: update('bob', 3, `transaction_id = '${ID}1'`),
      found: [
        'one-outcome: user "ann", id 1, transaction ID #1: expected one outcome; found Deposit of ann, id 1, amount 100, createdAt T; Deposit of bob, id 3, amount 1, createdAt T',
      ],
    },
    {
      what: 'an ID that moved money of one wallet twice',
      statements: `ALTER TABLE user_wallet_transaction DROP CONSTRAINT user_wallet_transaction_transaction_id_user_id_key;
        ${update('ann', 2, `transaction_id = '${ID}1'`)}`,
      found: [
        'one-outcome: user "ann", id 1, transaction ID #1: expected one outcome; found Deposit of ann, id 1, amount 100, createdAt T; Deposit of ann, id 2, amount 50, createdAt T',
      ],
    },
    {
      what: 'an ID that was refused to two users',
      statements: `INSERT INTO user_wallet_refusal
        SELECT 'ann', transaction_id, type, amount, NULL, code, 'r', created_at FROM user_wallet_refusal`,
      found: [
        'one-outcome: user "ann", transaction ID #7: expected one outcome; found refusal of ann, INSUFFICIENT_BALANCE, createdAt T; refusal of bob, INSUFFICIENT_BALANCE, createdAt T',
      ],
    },
  ],
  notes: [
    {
      what: 'a note of a transaction that is not there',
      statements: note('ann', 1, `transaction_id = '${ID}0'`),
      found: [
        `notes: user "ann", id 1, transaction ID #0: ${NOTES}; found a note of ann, id 1: no reference, metadata`,
      ],
    },
    {
      what: 'a note with another id than its transaction',
      statements: note('ann', 1, 'id = 2'),
      found: [
        `notes: user "ann", id 2, transaction ID #1: ${NOTES}; found a note of ann, id 2: no reference, metadata`,
      ],
    },
    {
      what: 'a note of a transaction that says it is of a refusal',
      statements: note('ann', 1, 'id = NULL'),
      found: [`notes: user "ann", transaction ID #1: ${NOTES}; found a note of ann: no reference, metadata`],
    },
    {
      what: 'a note of a refusal that says it is of a transaction',
      statements: note('bob', 7, 'id = 3'),
      found: [`notes: user "bob", id 3, transaction ID #7: ${NOTES}; found a note of bob, id 3: reference rent`],
    },
    {
      what: 'a note of a refusal that is not there',
      statements: `DELETE FROM user_wallet_refusal`,
      found: [`notes: user "bob", transaction ID #7: ${NOTES}; found a note of bob: reference rent`],
    },
    {
      what: 'a note of someone else',
      statements: note('bob', 4, `user_id = 'eve'`),
      found: [
        `notes: user "ann", id 4, transaction ID #4: ${NOTES}; found ${OUT}; a note of eve, id 1: reference rent`,
        `references: user "ann", id 4, transaction ID #4: ${REFERENCE}; found ${OUT}; a note of eve, id 1: reference rent`,
      ],
    },
  ],
  references: [
    {
      what: 'another reference on the half of the recipient',
      statements: note('bob', 4, `reference = 'Rent'`),
      found: [
        `references: user "ann", id 4, transaction ID #4: ${REFERENCE}; found ${OUT}; TransferIn of bob, id 1: reference Rent`,
      ],
    },
    {
      what: 'no reference on the half of the recipient',
      statements: `DELETE FROM user_wallet_note WHERE user_id = 'bob' AND id = 1`,
      found: [`references: user "ann", id 4, transaction ID #4: ${REFERENCE}; found ${OUT}`],
    },
    {
      what: 'no reference on the half of the payer',
      statements: note('ann', 4, 'reference = NULL'),
      found: [
        `references: user "ann", id 4, transaction ID #4: ${REFERENCE}; found TransferOut of ann, id 4: no reference, metadata; ${IN}`,
      ],
    },
    {
      what: 'nothing at all on the half of the payer',
      statements: `DELETE FROM user_wallet_note WHERE user_id = 'ann' AND id = 4`,
      found: [`references: user "bob", id 1, transaction ID #4: ${REFERENCE}; found ${IN}`],
    },
  ],
  metadata: [
    {
      what: 'metadata that the recipient is shown',
      statements: note('bob', 4, `metadata = '{"flat":"3"}'`),
      found: [
        `metadata: user "ann", id 4, transaction ID #4: expected no metadata on the TransferIn; found ${OUT}; ${IN}, metadata`,
      ],
    },
    {
      what: 'metadata of a transfer without a reference',
      statements: `INSERT INTO user_wallet_note (user_id, transaction_id, id, metadata) VALUES ('ann', '${ID}5', 5, '{"a":"b"}')`,
      found: [
        'metadata: user "ann", id 5, transaction ID #5: expected no metadata on the TransferIn; found TransferIn of ann, id 5: no reference, metadata',
      ],
    },
  ],
  'wallet-state': [
    {
      what: 'a wallet that was frozen by no one',
      statements: `UPDATE user_wallet SET state = 'frozen' WHERE user_id = 'ann'`,
      found: ['wallet-state: user "ann": expected the state open; found the state frozen'],
    },
    {
      what: 'a frozen wallet that is open',
      statements: `UPDATE user_wallet SET state = NULL WHERE user_id = 'eve'`,
      found: ['wallet-state: user "eve", id 3: expected the state frozen; found the state open'],
    },
    {
      what: 'a last change that is gone',
      statements: `DELETE FROM user_wallet_state_change WHERE id = 3`,
      found: ['wallet-state: user "eve", id 2: expected the state open; found the state frozen'],
    },
    {
      what: 'a wallet that is gone, without transactions',
      statements: `DELETE FROM user_wallet WHERE user_id = 'eve'`,
      found: ['wallet-state: user "eve", id 3: expected the state frozen; found no wallet'],
    },
  ],
  'change-ids': [
    {
      what: 'a change that is gone',
      statements: `DELETE FROM user_wallet_state_change WHERE id = 1; UPDATE user_wallet_state_change SET state = 'closed' WHERE id = 2`,
      found: ['change-ids: user "eve", id 2: expected change 1; found change 2'],
    },
    {
      what: 'changes that begin at 2',
      statements: `${change('ann', 2, 'frozen')} UPDATE user_wallet SET state = 'frozen' WHERE user_id = 'ann'`,
      found: ['change-ids: user "ann", id 2: expected change 1; found change 2'],
    },
  ],
  'change-times': [
    {
      what: 'two changes at one time',
      statements: `UPDATE user_wallet_state_change SET changed_at = (SELECT changed_at FROM user_wallet_state_change WHERE id = 1) WHERE id = 2`,
      found: ['change-times: user "eve", id 2: expected a change after T; found one at T'],
    },
    {
      what: 'a change that is older than the one before',
      statements: `UPDATE user_wallet_state_change SET changed_at = changed_at - interval '1 day' WHERE id = 3`,
      found: ['change-times: user "eve", id 3: expected a change after T; found one at T'],
    },
  ],
  'change-steps': [
    {
      what: 'a change that changes nothing',
      statements: change('eve', 4, 'frozen'),
      found: ['change-steps: user "eve", id 4: expected another state than frozen; found the state frozen'],
    },
    {
      what: 'a first change to what a wallet is from the start',
      statements: change('ann', 1, 'open'),
      found: ['change-steps: user "ann", id 1: expected another state than open; found the state open'],
    },
  ],
  closed: [
    {
      what: 'a closed wallet that holds something',
      statements: `ALTER TABLE user_wallet DROP CONSTRAINT user_wallet_state_check;
        ${change('bob', 1, 'closed')} UPDATE user_wallet SET state = 'closed' WHERE user_id = 'bob'`,
      found: ['closed: user "bob", id 1: expected a closed wallet with balance 0; found balance 16'],
    },
  ],
  money: [
    {
      what: 'a TransferIn of more than its TransferOut',
      statements: `${update('bob', 1, 'amount = 21')} UPDATE user_wallet SET balance = 17 WHERE user_id = 'bob';
        UPDATE user_wallet_transaction SET balance = balance + 1 WHERE user_id = 'bob'`,
      found: [
        `transfer-halves: user "ann", id 4, transaction ID #4: ${HALVES}; found TransferOut of ann, id 4, amount 20, passiveUserID bob, createdAt T; TransferIn of bob, id 1, amount 21, passiveUserID ann, createdAt T`,
        'money: expected 142 units in all wallets; found 143',
      ],
    },
    {
      what: 'money that came in by half a transfer',
      statements: `${insertForEve(`'${ID}0', 3, 5, 'ann', 5`)}
        UPDATE user_wallet SET balance = 5, version = 1 WHERE user_id = 'eve'`,
      found: [
        `transfer-halves: user "eve", id 1, transaction ID #0: ${HALVES}; found TransferIn of eve, id 1, amount 5, passiveUserID ann, createdAt T`,
        'money: expected 142 units in all wallets; found 147',
      ],
    },
  ],
  'read-alike': [
    {
      what: 'a transaction that an index has lost',
      statements: `UPDATE pg_index SET indisready = false WHERE indexrelid = 'user_wallet_transaction_transaction_id_user_id_key'::regclass;
        COMMIT; ${insertForEve(`'${ID}0', 1, 5, NULL, 5`)}
        UPDATE user_wallet SET balance = 5, version = 1 WHERE user_id = 'eve';
        UPDATE pg_index SET indisready = true WHERE indexrelid = 'user_wallet_transaction_transaction_id_user_id_key'::regclass`,
      found: ['read-alike: expected 12 transactions by ID; found 11'],
    },
  ],
}

function said({ findings }: AuditReport): string[] {
  return findings.map((finding) =>
    `${finding.check}: ${describeFinding(finding)}`
      .replaceAll(/0193cdb2-1d20-8000-8000-0{11}([0-9a-f])/g, (_, digit: string) => `#${Number.parseInt(digit, 16)}`)
      .replaceAll(/\d{4}-\d\d-\d\d [\d:.]+\+00/g, 'T'),
  )
}

for (const { name, says } of CHECKS) {
  for (const { what, statements, found } of DAMAGES[name]) {
    t.test(`${says}: ${what} is found`, async (t) => {
      const address = await writeLedger(t)
      await damage(address, statements)
      const report = await auditLedger(address)
      t.same(said(report), found)
      t.ok(found.some((line) => line.startsWith(`${name}: `)))
      const count = report.checks.reduce((sum, { findings }) => sum + findings, 0)
      t.equal(count, found.length)
    })
  }
}

t.test('a transaction that is lost is found by all that it breaks', async (t) => {
  const address = await writeLedger(t)
  await damage(address, `DELETE FROM user_wallet_transaction WHERE user_id = 'ann' AND id = 3`)
  t.same(said(await auditLedger(address)), [
    'wallet-balance: user "ann", id 6, transaction ID #8: expected balance 136 (sum of its transactions) and 126 (after the last); found balance 126',
    'ids: user "ann", id 4, transaction ID #4: expected id 3; found id 4',
    'balances: user "ann", id 4, transaction ID #4: expected balance 130 (150 before); found balance 120',
    'money: expected 152 units in all wallets; found 142',
  ])
})

t.test('values that no constraint would have let in are found, and do not stop the audit', async (t) => {
  const address = await writeLedger(t)
  await damage(
    address,
    `ALTER TABLE user_wallet_transaction DROP CONSTRAINT user_wallet_transaction_amount_check;
     ALTER TABLE user_wallet_transaction DROP CONSTRAINT user_wallet_transaction_balance_check;
     ALTER TABLE user_wallet_transaction ALTER COLUMN type DROP NOT NULL;
     ${update('ann', 1, `amount = -9223372036854775808, balance = 9223372036854775807`)}
     ${update('zoe', 1, 'type = NULL')}`,
  )
  const report = await auditLedger(address)
  const limits = report.findings.filter(({ check }) => check === 'limits')
  t.same(
    limits.map(({ userID, id }) => [userID, id]),
    [
      ['ann', '1'],
      ['zoe', '1'],
    ],
  )
  t.ok(report.findings.some(({ check, userID }) => check === 'balances' && userID === 'zoe'))
})
