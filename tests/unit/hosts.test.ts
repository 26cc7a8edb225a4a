import t from 'tap'
import type { ServerAddress } from '../../db/address.ts'
import { NoServer, reachFirst, requireTarget } from '../../db/hosts.ts'
import { UnusableServer } from '../../db/own-session.ts'

const LIMIT_MS = 10_000
const ADDRESS: ServerAddress = {
  ...{ host: 'a', port: 1, user: 'me', password: '', database: 'wallets', sslmode: 'disable' },
  others: [
    { host: 'b', port: 2 },
    { host: 'c', port: 3 },
  ],
}

function serverError(code: string): Error {
  return Object.assign(new Error(`a server says ${code}`), { code, severity: 'FATAL' })
}

/** Tries to reach servers of which some fail; says which were tried, and with how much time. */
async function reach(failures: Readonly<Record<string, Error>>, address = ADDRESS) {
  const tried: { host: string; limitMs: number }[] = []
  const reached = reachFirst(address, LIMIT_MS, async ({ host }, limitMs) => {
    tried.push({ host, limitMs })
    if (failures[host] !== undefined) throw failures[host]
    return host
  })
  const outcome = await reached.catch((error: unknown) => error)
  return { outcome, tried, hosts: tried.map(({ host }) => host).join('') }
}

t.test('the first server that is to be used is taken', async (t) => {
  const starts = serverError('57P03')
  const refused = Object.assign(new Error('refused'), { code: 'ECONNREFUSED' })
  t.match(await reach({}), { outcome: 'a', hosts: 'a' })
  t.match(await reach({ a: refused }), { outcome: 'b', hosts: 'ab' })
  t.match(await reach({ a: starts, b: new NoServer('it is a standby') }), { outcome: 'c', hosts: 'abc' })
})

t.test('each server has an equal share of the time that is left', async (t) => {
  const { tried } = await reach({ a: new Error('x'), b: new Error('x') })
  const [first = 0, second = 0, third = 0] = tried.map(({ limitMs }) => limitMs)
  t.ok(first <= Math.ceil(LIMIT_MS / 3) && first > 0, 'a third')
  t.ok(second <= LIMIT_MS / 2 && second > first, 'what the first has not used is left to the others')
  t.ok(third <= LIMIT_MS && third > second)
})

t.test('what one server has said for good is not asked of the next', async (t) => {
  for (const final of [serverError('28P01'), serverError('3D000'), new UnusableServer('a pooler')])
    t.match(await reach({ a: final }), { outcome: final, hosts: 'a' })
})

t.test('if none is to be used, it is said why of each; of one alone, its own error', async (t) => {
  const failures = { a: new Error('gone'), b: serverError('57P03'), c: new NoServer('it is a standby') }
  const { outcome } = await reach(failures)
  t.type(outcome, NoServer)
  t.match(outcome, {
    message: 'no server is to be used now: a:1: gone; b:2: a server says 57P03; c:3: it is a standby',
  })
  t.equal((await reach(failures, { ...ADDRESS, others: [] })).outcome, failures.a)
})

t.test('read-write wants a server that takes writes, primary one that is no standby', async (t) => {
  const primary = { standby: false, read_only: false }
  for (const target of ['read-write', 'primary'] as const) {
    requireTarget(target, primary)
    t.throws(() => requireTarget(target, { standby: true, read_only: true }), NoServer)
    t.throws(() => requireTarget(target, undefined), NoServer)
  }
  requireTarget('primary', { standby: false, read_only: true })
  t.throws(() => requireTarget('read-write', { standby: false, read_only: true }), NoServer)
})
