import t from 'tap'
import { StoreError } from '../../src/ports/wallet-store.ts'
import { createProbedBatcher, item, type ProbedBatcher, turn } from '../support/probed-batcher.ts'

const many = (name: string, count: number, key = (n: number) => `${name} ${n}`) =>
  Array.from({ length: count }, (_, n) => item(`${name} ${n}`, key(n)))

/** Finishes batches until no more are started; says the names in them. */
async function finishAll(probe: ProbedBatcher): Promise<readonly (readonly string[])[]> {
  for (let batch = 0; batch < probe.started().length; batch += 1) {
    probe.finish(batch)
    await turn()
    await turn()
  }
  return probe.started()
}

t.test('a list is settled as a whole, each item with its own result, in the order of the list', async (t) => {
  const probe = createProbedBatcher({ maxBatch: 512, maxQueued: 1000 })
  const list = probe.submitAll(many('list', 300))
  await turn()
  const batches = await finishAll(probe)
  t.strictSame(
    batches.flat(),
    many('list', 300).map(({ name }) => name),
  )
  t.strictSame(
    (await list).map((each) => each.kind === 'done' && each.result),
    many('list', 300).map(({ name }) => `${name} done`),
  )
  t.strictSame(await probe.submitAll([]), [])
})

t.test('items of a list that share a key never fly in two batches, and run in the order of the list', async (t) => {
  const probe = createProbedBatcher({ concurrency: 2, maxBatch: 10, maxQueued: 1000 })
  const list = probe.submitAll(many('list', 200, (n) => `key ${n % 3}`))
  await turn()
  const batches = await finishAll(probe)
  for (const key of [0, 1, 2]) {
    const order = batches.flat().filter((name) => Number(name.split(' ')[1]) % 3 === key)
    t.strictSame(
      order,
      many('list', 200)
        .map(({ name }) => name)
        .filter((_, n) => n % 3 === key),
    )
  }
  t.equal((await list).length, 200)
})

t.test('a lone item waits for no more of a long list than its next slice', async (t) => {
  const probe = createProbedBatcher({ maxBatch: 512, maxQueued: 10_000 })
  const lists = ['a', 'b', 'c', 'd'].map((name) => probe.submitAll(many(name, 1000)))
  await turn()
  const lone = probe.submit(item('lone', 'lone'))
  probe.finish(0)
  await turn()
  await turn()
  t.ok(probe.started()[1]?.includes('lone'), 'it goes with the next batch')
  t.ok((probe.started()[1]?.length ?? 0) <= 4 * 64 + 1, 'which holds a slice of each list')
  await finishAll(probe)
  t.match(await lone, { kind: 'done' })
  t.equal((await Promise.all(lists)).flat().length, 4000)
})

t.test('lists take turns, and lone items do not keep them waiting', async (t) => {
  const probe = createProbedBatcher({ maxBatch: 512, maxQueued: 10_000 })
  const lists = [probe.submitAll(many('a', 200)), probe.submitAll(many('b', 200))]
  await turn()
  for (let batch = 0; batch < 4; batch += 1) {
    for (const each of many(`lone ${batch}`, 50)) void probe.submit(each)
    probe.finish(batch)
    await turn()
    await turn()
    const names = probe.started()[batch + 1] ?? []
    if (batch < 3)
      t.ok(
        ['a', 'b'].every((list) => names.some((name) => name.startsWith(list))),
        `batch ${batch + 1}`,
      )
  }
  await finishAll(probe)
  t.equal((await Promise.all(lists)).flat().length, 400)
})

t.test('a list takes a place for each item, and is overloaded as a whole if they are not all free', async (t) => {
  const probe = createProbedBatcher({ maxBatch: 512, maxQueued: 100 })
  t.ok((await probe.submitAll(many('too many', 101))).every((each) => each.kind === 'failed'))
  const list = probe.submitAll(many('list', 100))
  t.equal(probe.room(), 0)
  t.match(await probe.submit(item('x', 'x')), { kind: 'failed', code: 'OVERLOADED' })
  await turn()
  await finishAll(probe)
  t.ok((await list).every(({ kind }) => kind === 'done'))
  t.equal(probe.room(), 100)
})

t.test('one item counts for its size, and one that is larger than a batch goes alone', async (t) => {
  const probe = createProbedBatcher({ maxBatch: 10, maxQueued: 100 })
  const flying = probe.submit(item('first', 'first'))
  await turn()
  const before = many('before', 3).map(probe.submit)
  const large = probe.submit({ ...item('large', 'x', 'y'), size: 50 })
  const after = [item('after', 'y'), item('other', 'z')].map(probe.submit)
  t.equal(probe.room(), 100 - 3 - 50 - 2)
  await turn()
  const batches = await finishAll(probe)
  t.strictSame(batches, [['first'], ['before 0', 'before 1', 'before 2', 'other'], ['large'], ['after']])
  t.ok((await Promise.all([flying, ...before, large, ...after])).every(({ kind }) => kind === 'done'))
  t.equal(probe.room(), 100)
})

t.test('a batch of a list that failed is tried again before what is behind it', async (t) => {
  const probe = createProbedBatcher({ maxBatch: 512, maxQueued: 1000 })
  const list = probe.submitAll(many('list', 130, () => 'one key'))
  await turn()
  probe.fail(0, new StoreError('no', 'the connection is lost'))
  await probe.untilStarted(2)
  t.strictSame(probe.started()[1]?.slice(0, 64), probe.started()[0])
  for (let batch = 1; batch < probe.started().length; batch += 1) {
    probe.finish(batch)
    await turn()
    await turn()
  }
  t.ok((await list).every(({ kind }) => kind === 'done'))
  t.equal(probe.room(), 1000)
})

t.test('every item of a list is settled at its deadline, and its places are free again', async (t) => {
  const probe = createProbedBatcher({ maxQueued: 500, deadlineMs: 50 })
  const settled = await probe.submitAll(many('list', 300))
  t.strictSame(
    new Set(settled.map((each) => each.kind === 'failed' && each.code)),
    new Set(['OUTCOME_UNKNOWN', 'DATABASE_UNAVAILABLE']),
  )
  t.equal(probe.room(), 500)
})

t.test('a bug in a batch of a list rejects the list', async (t) => {
  const probe = createProbedBatcher({ maxQueued: 500 })
  const list = probe.submitAll(many('list', 200))
  await turn()
  probe.fail(0, new TypeError('a bug'))
  await t.rejects(list, new TypeError('a bug'))
  await turn()
  for (let batch = 1; batch < probe.started().length; batch += 1) {
    probe.finish(batch)
    await turn()
    await turn()
  }
  t.equal(probe.room(), 500)
})
