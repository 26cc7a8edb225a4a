import t from 'tap'
import { after } from '../../src/domain/instant.ts'
import { MAX_UNITS } from '../../src/domain/money.ts'
import type { TransactionID } from '../../src/domain/transaction.ts'
import { toUserID } from '../../src/domain/user-id.ts'
import { alice, bob, deposit, HOUR, NOW, transactionID, transfer, withdraw } from '../support/domain-builders.ts'
import { createServiceOverMemory, TTL } from '../support/http/service-over-memory.ts'

const UNKNOWN = { kind: 'rejected', code: 'TRANSACTION_ID_UNKNOWN' }
const NO_WALLET = { kind: 'rejected', code: 'WALLET_NOT_FOUND' }

t.test('a wallet is opened once, empty, and found from then on', async (t) => {
  const { service } = createServiceOverMemory()
  t.strictSame(await service.wallet(alice), NO_WALLET)
  const wallet = { userID: alice, balance: 0n, version: 0n, createdAt: NOW, updatedAt: NOW }
  t.strictSame(await service.open(alice), { kind: 'opened', wallet, created: true })
  t.strictSame(await service.open(alice), { kind: 'opened', wallet, created: false })
  t.strictSame(await service.wallet(alice), { kind: 'found', wallet })
  t.strictSame(await service.wallet(bob), NO_WALLET)
})

t.test('of those who open one wallet at the same time, one opened it', async (t) => {
  const { service } = createServiceOverMemory()
  const opened = await Promise.all([service.open(alice), service.open(alice), service.open(alice)])
  t.equal(opened.filter((each) => each.kind === 'opened' && each.created).length, 1)
})

t.test('an ID says until when it may be used', async (t) => {
  const { service } = createServiceOverMemory()
  const issued = service.issue(alice)
  t.match(issued, { expiresAt: after(NOW, TTL) })
})

t.test('money goes in, across and out', async (t) => {
  const { service, issued, submit } = createServiceOverMemory()
  await service.open(alice)
  await service.open(bob)
  const done = (balance: bigint) => ({ kind: 'executed', replayed: false, transaction: { balance } })
  t.match(await submit(alice, issued(alice), deposit(10n)), done(10n))
  t.match(await submit(alice, issued(alice), transfer(4n, bob)), done(6n))
  t.match(await submit(bob, issued(bob), withdraw(4n)), done(0n))
  t.match(await service.wallet(alice), { wallet: { balance: 6n, version: 2n } })
  t.match(await service.history({ userID: bob, limit: 10 }), {
    kind: 'page',
    page: {
      transactions: [
        { id: 2n, type: 2 },
        { id: 1n, type: 3, passiveUserID: alice },
      ],
      nextIDBefore: null,
    },
  })
  t.strictSame(await service.history({ userID: toUserID('nobody'), limit: 10 }), NO_WALLET)
})

t.test('an ID that was never issued, was altered, or is another user’s gets the same answer', async (t) => {
  const { service, issued, submit } = createServiceOverMemory()
  await service.open(alice)
  await service.open(bob)
  const own = issued(alice)
  const altered = own.replace(/.$/, (digit) => (digit === '0' ? '1' : '0')) as TransactionID
  for (const id of [transactionID(1), altered, issued(bob)]) {
    t.strictSame(await submit(alice, id, deposit(1n)), UNKNOWN)
    t.strictSame(await service.status(alice, id), UNKNOWN)
  }
  t.match(await service.wallet(alice), { wallet: { version: 0n } })
})

t.test('a transfer to oneself is turned away before its ID is looked at, and leaves the ID unused', async (t) => {
  const { service, issued, submit } = createServiceOverMemory()
  await service.open(alice)
  const id = issued(alice)
  const selfTransfer = { kind: 'rejected', code: 'SELF_TRANSFER' }
  t.strictSame(await submit(alice, id, transfer(1n, alice)), selfTransfer)
  t.strictSame(await submit(alice, transactionID(1), transfer(1n, alice)), selfTransfer)
  t.strictSame(await service.status(alice, id), { kind: 'status', status: { kind: 'unused' } })
  t.match(await submit(alice, id, deposit(1n)), { kind: 'executed' })
})

t.test('an unknown ID comes before a missing wallet', async (t) => {
  const { issued, submit } = createServiceOverMemory()
  t.strictSame(await submit(alice, transactionID(1), deposit(1n)), UNKNOWN)
  t.strictSame(await submit(alice, issued(alice), deposit(1n)), NO_WALLET)
})

t.test('an ID that met no wallet may be used once there is one', async (t) => {
  const { service, issued, submit } = createServiceOverMemory()
  const id = issued(alice)
  t.strictSame(await submit(alice, id, deposit(1n)), NO_WALLET)
  await service.open(alice)
  t.match(await submit(alice, id, deposit(2n)), { kind: 'executed', replayed: false })
})

t.test('the status of an ID: unused, executed or refused, expired', async (t) => {
  const { service, issued, submit, advance } = createServiceOverMemory()
  await service.open(alice)
  const [used, refused, unused] = [issued(alice), issued(alice), issued(alice)]
  const statusOf = async (id: TransactionID) => service.status(alice, id)
  t.strictSame(await statusOf(used), { kind: 'status', status: { kind: 'unused' } })
  await submit(alice, used, deposit(1n))
  await submit(alice, refused, withdraw(2n))
  const executed = { kind: 'status', status: { kind: 'executed', transaction: { id: 1n, transactionID: used } } }
  const refusal = { kind: 'status', status: { kind: 'refused', refusal: { code: 'INSUFFICIENT_BALANCE' } } }
  t.match(await statusOf(used), executed)
  t.match(await statusOf(refused), refusal)

  advance(TTL)
  // An ID carries its time to the millisecond, rounded down.
  t.strictSame(await statusOf(unused), { kind: 'status', status: { kind: 'expired' } })
  t.match(await statusOf(used), executed, 'what was used never expires')
  t.match(await statusOf(refused), refusal)
})

t.test('an unused ID is refused once its time is over, and what was used is replayed for ever', async (t) => {
  const { service, issued, submit, advance } = createServiceOverMemory()
  await service.open(alice)
  const [used, unused, late] = [issued(alice), issued(alice), issued(alice)]
  await submit(alice, used, deposit(1n))
  advance(TTL - 1000n)
  t.match(await submit(alice, late, deposit(1n)), { kind: 'executed' }, 'a millisecond before')
  advance(1000n)
  t.match(await submit(alice, unused, deposit(1n)), { kind: 'refused', refusal: { code: 'TRANSACTION_ID_EXPIRED' } })
  advance(HOUR * 100n)
  t.match(await submit(alice, used, deposit(1n)), { kind: 'executed', replayed: true })
  t.match(await service.status(alice, unused), {
    status: { kind: 'refused', refusal: { code: 'TRANSACTION_ID_EXPIRED' } },
  })
})

t.test('once the ledger was restored an ID of before is retired, whether or not it is used', async (t) => {
  const { service, issued, submit, beginEpoch, advance } = createServiceOverMemory()
  await service.open(alice)
  const [used, refused, unused] = [issued(alice), issued(alice), issued(alice)]
  await submit(alice, used, deposit(1n))
  await beginEpoch()
  const statusOf = (id: TransactionID) => service.status(alice, id)
  t.match(await submit(alice, used, deposit(1n)), { kind: 'executed', replayed: true })
  t.match(await statusOf(used), { status: { kind: 'executed' } })
  t.match(await submit(alice, refused, deposit(1n)), { kind: 'refused', refusal: { code: 'TRANSACTION_ID_RETIRED' } })
  t.match(await statusOf(refused), { status: { kind: 'refused', refusal: { code: 'TRANSACTION_ID_RETIRED' } } })
  t.strictSame(await statusOf(unused), { kind: 'status', status: { kind: 'retired' } })
  advance(TTL)
  t.strictSame(await statusOf(unused), { kind: 'status', status: { kind: 'retired' } }, 'it never expires')
  t.match(await submit(alice, issued(alice), deposit(1n)), { kind: 'executed', replayed: false })
})

t.test(
  'an instance that knows nothing of a restoration yet refuses what it issues, and executes none of it',
  async (t) => {
    const beginning: (() => void)[] = []
    const { service, issued, submit } = createServiceOverMemory({}, (store) => {
      beginning.push(store.beginEpoch)
      return store
    })
    await service.open(alice)
    for (const begin of beginning) begin()
    t.match(await submit(alice, issued(alice), deposit(1n)), {
      kind: 'refused',
      refusal: { code: 'TRANSACTION_ID_RETIRED' },
    })
  },
)

t.test('the same request many times at once has one effect', async (t) => {
  const { service, issued, submit } = createServiceOverMemory()
  await service.open(alice)
  const id = issued(alice)
  const answers = await Promise.all(Array.from({ length: 50 }, () => submit(alice, id, deposit(3n))))
  t.equal(answers.filter((answer) => answer.kind === 'executed' && !answer.replayed).length, 1)
  t.equal(answers.filter((answer) => answer.kind === 'executed' && answer.replayed).length, 49)
  t.match(await service.wallet(alice), { wallet: { balance: 3n, version: 1n } })
})

t.test('a refusal names the request that was refused first, and outlives its reason', async (t) => {
  const { service, issued, submit } = createServiceOverMemory()
  await service.open(alice)
  const id = issued(alice)
  const first = await submit(alice, id, withdraw(5n))
  t.match(first, {
    kind: 'refused',
    refusal: { code: 'INSUFFICIENT_BALANCE', requestID: 'request 1' },
    replayed: false,
  })
  await submit(alice, issued(alice), deposit(MAX_UNITS))
  t.strictSame(await submit(alice, id, withdraw(5n)), { ...first, replayed: true })
  t.strictSame(await submit(alice, id, withdraw(6n)), { kind: 'rejected', code: 'TRANSACTION_ID_REUSED' })
})
