import t, { type Test } from 'tap'
import { auditLedger } from '../../audit/audit.ts'
import type { ServerAddress } from '../../db/address.ts'
import { toUserID } from '../../src/domain/user-id.ts'
import type { WalletStore } from '../../src/ports/wallet-store.ts'
import { damage, storeOn, writeLedger } from '../support/database/audited-ledger.ts'
import { administer, createTestDatabase } from '../support/database/database.ts'
import { runBatch, runBatches } from '../support/database/run-commands.ts'
import { transactionID } from '../support/domain-builders.ts'
import { createCast, type Draft } from '../support/random/random-commands.ts'

/** One page: as many ranges as there can be. */
const SMALLEST_RANGE_BYTES = 8192

async function storeFor(t: Test, address: ServerAddress): Promise<WalletStore> {
  const store = await storeOn(address)
  t.teardown(() => store.close())
  return store
}

t.test('a ledger that the store wrote is as it should be, and the figures are those of its commands', async (t) => {
  const address = await writeLedger(t)
  const { findings, checks, figures } = await auditLedger(address)
  t.same(findings, [])
  t.ok(checks.every((check) => check.findings === 0))
  t.same(figures, {
    ...{ wallets: 4, transactions: 11, transactionIDs: 10, transfers: 2, refusals: 1 },
    ...{ held: 142n, deposited: 159n, withdrawn: 17n },
  })
})

t.test('an empty ledger is as it should be', async (t) => {
  const { findings, figures } = await auditLedger(await createTestDatabase(t))
  t.same(findings, [])
  t.match(figures, { wallets: 0, transactions: 0, held: 0n })
})

t.test(
  'a wallet by a name that is no user ID any more stays in the ledger, and the other side still sees it',
  async (t) => {
    const address = await writeLedger(t)
    const refusal = ['user_wallet_refusal.user_id', 'user_wallet_refusal.passive_user_id']
    const columns = ['user_wallet.user_id', ...refusal, 'user_wallet_note.user_id']
    for (const column of [...columns, 'user_wallet_transaction.user_id', 'user_wallet_transaction.passive_user_id']) {
      const [table, name] = column.split('.')
      await damage(address, `UPDATE ${table} SET ${name} = '..' WHERE ${name} = 'bob'`)
    }
    t.match(await auditLedger(address), { findings: [], figures: { wallets: 4, transactions: 11, held: 142n } })
    const store = await storeFor(t, address)
    const page = await store.history({ userID: toUserID('ann'), limit: 2, idBefore: 6n })
    t.match(page?.transactions, [{ passiveUserID: '..' }, { passiveUserID: '..' }])
  },
)

/** A ledger of some thousand transactions: many small runs of a few users each. */
async function writeLargeLedger(store: WalletStore, runs: number): Promise<void> {
  const kinds = ['deposit', 'transfer', 'withdraw', 'transfer', 'deposit'] as const
  for (let run = 0; run < runs; run += 1) {
    const cast = createCast(run)
    await store.open(cast.owners)
    const drafts = Array.from({ length: 36 }, (_, n): Draft => {
      const kind = n < 3 ? 'deposit' : (kinds[n % kinds.length] ?? 'deposit')
      return {
        kind,
        actor: n % 3,
        passive: (n + 1) % 3,
        id: Math.floor(n / 3),
        units: BigInt(100 - n),
        expires: 'never',
      }
    })
    await runBatches(store, [cast.commands(drafts)])
  }
}

t.test('in however many ranges a ledger is read, the same is found', async (t) => {
  const address = await createTestDatabase(t)
  await writeLargeLedger(await storeFor(t, address), 100)
  await damage(
    address,
    `INSERT INTO user_wallet_note (user_id, transaction_id, id, reference)
     SELECT user_id, transaction_id, id, 'order-' || amount FROM user_wallet_transaction;
     INSERT INTO user_wallet_state_change (user_id, id, state, reason, changed_at)
     SELECT user_id, 1, 'frozen', 'why', updated_at FROM user_wallet;
     UPDATE user_wallet SET state = 'frozen'`,
  )
  const whole = await auditLedger(address)
  t.same(whole.findings, [])
  t.ok(whole.figures.transactions > 3000, `${whole.figures.transactions} transactions`)

  await damage(
    address,
    `UPDATE user_wallet_transaction SET balance = balance + 1 WHERE user_id LIKE 'run 5%' AND id = 4;
     UPDATE user_wallet SET version = version + 1 WHERE user_id LIKE 'run 7, user 1%';
     UPDATE user_wallet_transaction SET passive_user_id = 'nobody' WHERE type = 3 AND user_id LIKE 'run 9%' AND id < 8;
     UPDATE user_wallet_note SET reference = 'other' WHERE user_id LIKE 'run 3%, user 1%';
     UPDATE user_wallet SET state = NULL WHERE user_id LIKE 'run 4%'`,
  )
  const [coarse, steps] = [await auditLedger(address), [] as number[]]
  const fine = await auditLedger(address, { rangeBytes: SMALLEST_RANGE_BYTES, onProgress: (done) => steps.push(done) })
  t.ok(steps.length > 100, `${steps.length} steps`)
  t.same(
    steps,
    steps.toSorted((a, b) => a - b),
    'progress goes forth only',
  )
  t.equal(steps.at(-1)?.toFixed(6), '1.000000')
  t.same(fine.figures, coarse.figures)
  t.same(fine.checks, coarse.checks)
  t.same(
    coarse.checks.filter(({ findings }) => findings > 0).map(({ name }) => name),
    ['wallet-version', 'balances', 'transfer-halves', 'references', 'wallet-state'],
  )
})

t.test('of many findings of one check twenty are named, and all are counted', async (t) => {
  const address = await createTestDatabase(t)
  const store = await storeFor(t, address)
  await writeLargeLedger(store, 20)
  await damage(address, 'UPDATE user_wallet SET version = version + 1')
  const wallets = (await auditLedger(address)).figures.wallets
  t.ok(wallets > 50)
  for (const rangeBytes of [undefined, SMALLEST_RANGE_BYTES]) {
    const { findings, checks } = await auditLedger(address, rangeBytes === undefined ? {} : { rangeBytes })
    t.equal(findings.length, 20)
    t.equal(new Set(findings.map(({ userID }) => userID)).size, 20)
    t.equal(checks.find(({ name }) => name === 'wallet-version')?.findings, wallets)
  }
})

/** Gives bob that many further deposits of one unit. */
async function lengthen(address: ServerAddress, length: number): Promise<void> {
  await damage(
    address,
    `WITH lengthened AS (
       UPDATE user_wallet SET balance = balance + ${length}, version = version + ${length},
              updated_at = updated_at + ${length} * interval '1 microsecond'
       WHERE user_id = 'bob' RETURNING *
     )
     INSERT INTO user_wallet_transaction (user_id, id, transaction_id, type, amount, passive_user_id, balance, created_at)
     SELECT user_id, version - ${length} + k, gen_random_uuid(), 1, 1, NULL, balance - ${length} + k,
            updated_at - (${length} - k) * interval '1 microsecond'
     FROM lengthened, generate_series(1, ${length}) AS k`,
  )
}

t.test('a wallet that is many times as long as a range is checked to its last row', async (t) => {
  const address = await writeLedger(t)
  const LENGTH = 50_000
  await lengthen(address, LENGTH)
  const rangeBytes = 64 * 1024
  const clean = await auditLedger(address, { rangeBytes })
  t.same(clean.findings, [])
  t.equal(clean.figures.transactions, LENGTH + 11)
  await damage(address, `UPDATE user_wallet_transaction SET balance = 0 WHERE user_id = 'bob' AND id = ${LENGTH + 2}`)
  const { findings } = await auditLedger(address, { rangeBytes })
  t.same(
    findings.map(({ check, userID, id }) => [check, userID, id]),
    [LENGTH + 2, LENGTH + 3].map((id) => ['balances', 'bob', String(id)]),
  )
})

t.test('while others write, every audit sees one moment, and no writer waits for it', async (t) => {
  const address = await createTestDatabase(t)
  const store = await storeFor(t, address)
  await writeLargeLedger(store, 30)
  let written = 0
  let stopped = false
  const writing = (async () => {
    for (let run = 1000; !stopped; run += 1) {
      const cast = createCast(run)
      await store.open(cast.owners)
      const all = cast.commands(
        Array.from({ length: 12 }, (_, id) => ({
          ...{ kind: id < 3 ? ('deposit' as const) : ('transfer' as const), id, units: 5n, expires: 'never' as const },
          ...{ actor: id % 3, passive: (id + 1) % 3 },
        })),
      )
      for (const one of all) written += (await runBatch(store, [one])).length
    }
  })()
  for (let audit = 1; audit <= 5; audit += 1) {
    const before = written
    const { findings } = await auditLedger(address, { rangeBytes: SMALLEST_RANGE_BYTES })
    t.same(findings, [], `audit ${audit}`)
    t.ok(written > before, `${written - before} were written meanwhile`)
  }
  stopped = true
  await writing
})

t.test('a time limit that the database sets for everyone does not end an audit', async (t) => {
  const address = await writeLedger(t)
  await lengthen(address, 200_000)
  await administer(address, `ALTER DATABASE ${address.database} SET statement_timeout = '100ms'`)
  await t.rejects(administer(address, 'SELECT count(*) FROM user_wallet_transaction a, user_wallet_transaction b'), {
    code: '57014',
  })
  t.same((await auditLedger(address)).findings, [])
})

t.test('a role that may only read can audit', async (t) => {
  const address = await writeLedger(t)
  const user = `reader_${address.database}`
  await administer(
    address,
    `CREATE ROLE ${user} LOGIN PASSWORD 'reads'; GRANT SELECT ON ALL TABLES IN SCHEMA public TO ${user}`,
  )
  t.teardown(() => administer(address, `DROP OWNED BY ${user}; DROP ROLE ${user}`))
  t.same((await auditLedger({ ...address, user, password: 'reads' })).findings, [])
})

t.test('an audit changes nothing and leaves no connection behind', async (t) => {
  const address = await writeLedger(t)
  await damage(address, `UPDATE user_wallet SET version = 7 WHERE user_id = 'ann'`)
  const { findings } = await auditLedger(address)
  t.equal(findings[0]?.transactionID, transactionID(8))
  t.same(
    await administer(
      address,
      `SELECT count(*)::int FROM pg_stat_activity WHERE application_name = 'wallet-audit' AND datname = current_database()`,
    ),
    [{ count: 0 }],
  )
})
