import t from 'tap'
import { createMemoryWalletStore } from '../../src/adapters/memory/wallet-store.ts'
import { createInspection } from '../../src/app/inspection.ts'
import { createLateService } from '../../src/app/late-service.ts'
import { toInstant } from '../../src/domain/instant.ts'
import { alice, deposit, requestID, transactionID } from '../support/domain-builders.ts'
import { createServiceOverMemory } from '../support/service-over-memory.ts'

const NOT_YET = { kind: 'failed', code: 'DATABASE_UNAVAILABLE' }

t.test('before the real service is there, everything is unavailable', async (t) => {
  const { service, inspection } = createLateService()
  const request = { userID: alice, transactionID: transactionID(1), requestID: requestID('r'), movement: deposit(1n) }
  for (const answer of [
    service.open(alice),
    service.wallet(alice),
    service.issue(alice),
    service.status(alice, transactionID(1)),
    service.submit(request),
    service.history({ userID: alice, limit: 1 }),
    inspection.find({ prefix: '', limit: 1 }),
    inspection.trace(transactionID(1)),
    inspection.curve({ userID: alice, points: 2 }),
    inspection.lastAudit(),
  ]) {
    t.strictSame(await answer, NOT_YET)
  }
})

t.test('from then on it is the real service', async (t) => {
  const { service, inspection, arrive } = createLateService()
  const real = createServiceOverMemory()
  t.strictSame(await service.open(alice), NOT_YET)
  arrive(real.service, createInspection(createMemoryWalletStore(() => toInstant(0n))))
  t.match(await service.open(alice), { kind: 'opened', created: true })
  t.match(await real.service.wallet(alice), { kind: 'found' })
  t.match(await service.wallet(alice), { kind: 'found' })
  const issued = service.issue(alice)
  if (issued.kind !== 'issued') throw new Error('no ID was issued')
  const { transactionID } = issued
  t.match(await service.status(alice, transactionID), { status: { kind: 'unused' } })
  const request = { userID: alice, transactionID, requestID: requestID('r'), movement: deposit(1n) }
  t.match(await service.submit(request), { kind: 'executed' })
  t.match(await service.history({ userID: alice, limit: 1 }), { page: { transactions: [{ id: 1n }] } })
  t.strictSame(await inspection.find({ prefix: '', limit: 1 }), { kind: 'found', value: [] })
  t.match(await inspection.trace(transactionID), { kind: 'found' })
  t.match(await inspection.curve({ userID: alice, points: 2 }), { kind: 'found' })
  t.match(await inspection.lastAudit(), { kind: 'found' })
})
