import t from 'tap'
import { StoreError } from '../../src/ports/wallet-store.ts'
import { createProbedBatcher, item, turn } from '../support/probed-batcher.ts'

t.test('a lone item leaves at the end of the turn it came in, and waits for no timer', async (t) => {
  const probe = createProbedBatcher()
  const settled = probe.submit(item('a', 'x'))
  await turn()
  t.strictSame(probe.started(), [['a']])
  probe.finish(0)
  t.strictSame(await settled, { kind: 'done', result: 'a done' })
})

t.test('what comes in one turn goes as one batch, and each gets its own result', async (t) => {
  const probe = createProbedBatcher()
  const all = ['a', 'b', 'c'].map((name) => probe.submit(item(name, name)))
  await turn()
  t.strictSame(probe.started(), [['a', 'b', 'c']])
  probe.finish(0)
  t.strictSame(
    await Promise.all(all),
    ['a', 'b', 'c'].map((name) => ({ kind: 'done', result: `${name} done` })),
  )
})

t.test('while a batch is in flight, what arrives gathers and goes as the next', async (t) => {
  const probe = createProbedBatcher()
  const first = probe.submit(item('a', 'x'))
  await turn()
  const gathered = [probe.submit(item('b', 'y'))]
  await turn()
  gathered.push(probe.submit(item('c', 'z')))
  await turn()
  t.strictSame(probe.started(), [['a']], 'the one connection is taken')
  probe.finish(0)
  await first
  await turn()
  t.strictSame(probe.started(), [['a'], ['b', 'c']])
  probe.finish(1)
  t.equal((await Promise.all(gathered)).length, 2)
})

t.test('as many batches are in flight as the concurrency allows, and no more', async (t) => {
  const probe = createProbedBatcher({ concurrency: 2 })
  const all = [probe.submit(item('a', 'x'))]
  await turn()
  all.push(probe.submit(item('b', 'y')))
  await turn()
  all.push(probe.submit(item('c', 'z')))
  await turn()
  t.strictSame(probe.started(), [['a'], ['b']])
  probe.finish(1)
  await all[1]
  await turn()
  t.strictSame(probe.started(), [['a'], ['b'], ['c']], 'the connection that is free again takes the next')
  probe.finish(0)
  probe.finish(2)
  await Promise.all(all)
})

t.test('a batch holds no more than its bound; the rest goes after it, or on another connection', async (t) => {
  const probe = createProbedBatcher({ concurrency: 2, maxBatch: 2 })
  const all = ['a', 'b', 'c', 'd', 'e'].map((name) => probe.submit(item(name, name)))
  await turn()
  t.strictSame(probe.started(), [
    ['a', 'b'],
    ['c', 'd'],
  ])
  probe.finish(0)
  await all[0]
  await turn()
  t.strictSame(probe.started().at(-1), ['e'])
  probe.finish(1)
  probe.finish(2)
  await Promise.all(all)
})

t.test('items that share a key share a batch or wait, and are never in flight in two', async (t) => {
  const probe = createProbedBatcher({ concurrency: 3 })
  const all = [probe.submit(item('a', 'x', 'y'))]
  await turn()
  all.push(probe.submit(item('b', 'y', 'z')), probe.submit(item('c', 'w')))
  await turn()
  t.strictSame(probe.started(), [['a'], ['c']], 'b shares y with a, c shares nothing')
  all.push(probe.submit(item('d', 'z')))
  await turn()
  t.strictSame(probe.started(), [['a'], ['c']], 'd must not overtake b, which came first and shares z')
  probe.finish(0)
  await all[0]
  await turn()
  t.strictSame(probe.started().at(-1), ['b', 'd'], 'in the order in which they came')
  probe.finish(1)
  probe.finish(2)
  await Promise.all(all)
})

t.test('past its share a batch takes those that no other connection could take meanwhile', async (t) => {
  const probe = createProbedBatcher({ concurrency: 2 })
  const hot = Array.from({ length: 60 }, (_, n) => item(`hot ${n}`, 'h'))
  const others = Array.from({ length: 30 }, (_, n) => item(`other ${n}`, `o${n}`))
  const all = [...hot, ...others].map(probe.submit)
  await turn()
  t.strictSame(
    probe.started().map((names) => [names.length, names.filter((name) => name.startsWith('hot')).length]),
    [
      [60, 60],
      [30, 0],
    ],
    'all that share a wallet, and on the other connection an even share of the others',
  )
  probe.finish(0)
  probe.finish(1)
  await Promise.all(all)
})

t.test('an item that the bound on a batch cut off is not overtaken by one that shares its key', async (t) => {
  const probe = createProbedBatcher({ concurrency: 2, maxBatch: 1 })
  const all = [item('a', 'x'), item('b', 'x'), item('c', 'x', 'y'), item('d', 'y'), item('e', 'z')].map(probe.submit)
  await turn()
  t.strictSame(probe.started(), [['a'], ['e']])
  for (const [batch, next] of [
    [0, 'b'],
    [2, 'c'],
    [3, 'd'],
  ] as const) {
    probe.finish(batch)
    await turn()
    await turn()
    t.strictSame(probe.started().at(-1), [next])
  }
  probe.finish(1)
  probe.finish(4)
  t.equal((await Promise.all(all)).length, 5)
})

t.test('one item more than may wait is overloaded at once, and those that wait are not disturbed', async (t) => {
  const probe = createProbedBatcher({ maxQueued: 2 })
  const flying = probe.submit(item('a', 'a'))
  await turn()
  const waiting = [probe.submit(item('b', 'b'))]
  t.ok(probe.room() > 0)
  waiting.push(probe.submit(item('c', 'c')))
  t.equal(probe.room(), 0)
  t.strictSame(await probe.submit(item('d', 'd')), { kind: 'failed', code: 'OVERLOADED' }, 'while a is still in flight')
  probe.finish(0)
  await flying
  await turn()
  t.ok(probe.room() > 0, 'those that fly do not wait')
  t.strictSame(probe.started(), [['a'], ['b', 'c']])
  probe.finish(1)
  t.match(await Promise.all(waiting), [{ kind: 'done' }, { kind: 'done' }])
})

t.test('a bug rejects its own batch and no other', async (t) => {
  const probe = createProbedBatcher({ concurrency: 2 })
  const all = [probe.submit(item('a', 'a')), probe.submit(item('b', 'b'))]
  await turn()
  const other = probe.submit(item('c', 'c'))
  await turn()
  const bug = new TypeError('a bug')
  probe.fail(0, bug)
  t.strictSame(await Promise.allSettled(all), [
    { status: 'rejected', reason: bug },
    { status: 'rejected', reason: bug },
  ])
  probe.finish(1)
  t.match(await other, { kind: 'done' })
  const next = probe.submit(item('d', 'a'))
  await turn()
  t.strictSame(
    probe.started(),
    [['a', 'b'], ['c'], ['d']],
    'neither the connection nor the keys of the failed batch are lost',
  )
  probe.finish(2)
  t.match(await next, { kind: 'done' })
})

t.test('a run that answers for too few or too many items is a bug', async (t) => {
  for (const results of [[], ['one', 'two']]) {
    const probe = createProbedBatcher()
    const settled = probe.submit(item('a', 'a'))
    await turn()
    probe.finish(0, results)
    await t.rejects(settled, new Error(`${results.length} results for 1 items`))
  }
})

t.test('a run that throws before it promises anything rejects its batch too', async (t) => {
  const probe = createProbedBatcher({}, () => {
    throw new TypeError('at once')
  })
  await t.rejects(probe.submit(item('a', 'a')), new TypeError('at once'))
})

t.test('a store error never reaches the caller while the same items can be tried again', async (t) => {
  const probe = createProbedBatcher()
  const all = [probe.submit(item('a', 'x')), probe.submit(item('b', 'y'))]
  await turn()
  probe.fail(0, new StoreError('unknown', 'the connection is lost'))
  await probe.untilStarted(2)
  t.strictSame(probe.started(), [
    ['a', 'b'],
    ['a', 'b'],
  ])
  probe.finish(1)
  t.match(await Promise.all(all), [{ kind: 'done' }, { kind: 'done' }])
})

t.test('uneven batches even out, though each item comes back as soon as it is answered', async (t) => {
  const probe = createProbedBatcher()
  const everyone = 60
  const comeBack = (names: readonly string[]) => {
    for (const name of names) void probe.submit(item(name, name))
  }
  comeBack(['a lone one'])
  await turn()
  comeBack(Array.from({ length: everyone - 1 }, (_, n) => `item ${n}`))
  for (let batch = 0; batch < 10; batch += 1) {
    probe.finish(batch)
    await turn()
    comeBack(probe.started()[batch] ?? [])
    await turn()
  }
  const sizes = probe.started().map((names) => names.length)
  t.equal(sizes[0], 1)
  t.strictSame(sizes.slice(-4), [30, 30, 30, 30], `${sizes}`)
  for (let batch = 10; batch < probe.started().length; batch += 1) probe.finish(batch)
})
