import fc from 'fast-check'
import t, { type Test } from 'tap'
import { createWalletClient, type Wallet, type WalletClient, WalletProblem } from '../../client/client.ts'
import { createPrometheus } from '../../src/adapters/prometheus/metrics.ts'
import { createStandbyReads } from '../../src/app/standby-reads.ts'
import { toInstant } from '../../src/domain/instant.ts'
import { NO_TELEMETRY } from '../../src/ports/telemetry.ts'
import { openTestStore } from '../support/database/connections.ts'
import { administer } from '../support/database/database.ts'
import { openPatientStandby, PATIENT } from '../support/database/patient-standby.ts'
import { type StandbyServer, startReplicated } from '../support/database/replicated.ts'
import { eventually } from '../support/eventually.ts'
import { parseFigures } from '../support/http/figures.ts'
import { listen, settableClock, startHTTP } from '../support/http/http.ts'
import { seeded } from '../support/random/random-seed.ts'

const LIMIT_MS = 60_000

interface World {
  readonly url: string
  readonly standby: StandbyServer
  readonly primary: Awaited<ReturnType<typeof startReplicated>>['primary']
  /** Reads by this one are always of now. */
  forgetful(): WalletClient
  /** Reads something of Ann, with a version that is recent enough. */
  read(path: string, versionMin?: number, headers?: Record<string, string>): Promise<Response>
  /** How many reads had this outcome. */
  reads(outcome: string): Promise<number>
}

/** The service over a primary and a standby, which it waits for, however late it is. */
async function startWorld(t: Test): Promise<World> {
  const { primary, standby } = await startReplicated(t)
  const store = await openTestStore(t, primary.address)
  const prometheus = createPrometheus('1.2.3')
  const reads = createStandbyReads(await openPatientStandby(t, primary.address, standby.address), PATIENT, {
    ...NO_TELEMETRY,
    ...prometheus.metrics,
  })
  const clock = settableClock(toInstant(BigInt(Date.now()) * 1000n))
  const http = await startHTTP(t, { store, standby: reads, clock, prometheus })
  const { port } = await listen(t, http)
  const url = `http://127.0.0.1:${port}`
  return {
    ...{ url, primary, standby },
    forgetful: () => createWalletClient({ url }),
    read: (path, versionMin, headers = {}) =>
      fetch(`${url}/api/v1/users/ann/wallet${path}`, {
        headers: { ...headers, ...(versionMin !== undefined && { 'wallet-version-min': String(versionMin) }) },
      }),
    reads: async (outcome) => parseFigures(await prometheus.page.text()).sum('wallet_standby_reads_total', { outcome }),
  }
}

t.test(
  'who says what they have seen is never shown anything older, and who says nothing is shown what is',
  async (t) => {
    const { read, reads, forgetful, standby, url } = await startWorld(t)
    const client = forgetful()
    await client.open('ann')
    for (let n = 0; n < 5; n += 1) await client.deposit({ to: 'ann', amount: 1 })
    await standby.caughtUp()
    await standby.pause()
    for (let n = 0; n < 5; n += 1) await client.deposit({ to: 'ann', amount: 1 })

    const version = async (versionMin?: number) => ((await (await read('', versionMin)).json()) as Wallet).version
    t.equal(await version(0), 5, 'the standby is behind')
    t.equal(await version(5), 5)
    t.equal(await version(6), 10, 'the standby is passed over')
    t.equal(await version(9_007_199_254_740_991), 10, 'a version that there is not yet')
    t.equal(await version(), 10)

    const tagged = async (tag: string, versionMin?: number) => {
      const { status, headers } = await read('', versionMin, { 'if-none-match': tag })
      return [status, headers.get('etag')]
    }
    t.strictSame(await tagged('"5"', 5), [304, '"5"'])
    t.strictSame(await tagged('"5"', 6), [200, '"10"'])
    t.strictSame(await tagged('"5"'), [200, '"10"'])

    const ids = async (query: string, versionMin?: number) => {
      const { transactions } = (await (await read(`/transactions?${query}`, versionMin)).json()) as {
        transactions: { id: number }[]
      }
      return transactions.map(({ id }) => id)
    }
    t.strictSame(await ids('limit=3', 5), [5, 4, 3])
    t.strictSame(await ids('limit=3', 6), [10, 9, 8])
    t.strictSame(await ids('limit=3'), [10, 9, 8])
    const before = await reads('answered')
    t.strictSame(await ids('limit=3&IDBefore=6'), [5, 4, 3], 'what is below an id stays as it is')
    t.strictSame(await ids('limit=3&IDBefore=6', 9), [5, 4, 3])
    t.equal(await reads('answered'), before + 2, 'so the standby is asked, whatever was seen')
    t.strictSame(await ids('limit=3&IDBefore=7'), [6, 5, 4], 'as long as it has all of that')
    t.strictSame(await ids('limit=3&IDBefore=7', 5), [6, 5, 4])

    await client.open('bob')
    const bob = await fetch(`${url}/api/v1/users/bob/wallet`, { headers: { 'wallet-version-min': '0' } })
    t.equal(bob.status, 200, 'a wallet that the standby does not know')

    await client.setState('ann', { state: 'frozen', reason: 'a test' })
    await standby.resume()
    await standby.caughtUp()
    await standby.pause()
    await client.setState('ann', { state: 'open', reason: 'a test' })
    t.match(await (await read('', 10)).json(), { version: 10, state: undefined }, 'only the primary says a state')
  },
)

t.test('a version that is none is refused in words', async (t) => {
  const { send } = await startHTTP(t)
  for (const wrong of ['-1', '1.5', '"5"', 'x', '01', '1'.repeat(17)])
    for (const path of ['', '/transactions']) {
      const headers = { 'wallet-version-min': wrong }
      const { status, body } = await send({ method: 'GET', path: `/api/v1/users/ann/wallet${path}`, headers })
      t.equal(status, 400, `${path} ${wrong}`)
      t.match(body, {
        code: 'INVALID_REQUEST',
        errors: [{ path: '/wallet-version-min', message: 'must be a version of the wallet, such as 41, or 0 for any' }],
      })
    }
})

t.test('what the standby has shown is waited for, as long as its commit waits on the primary', async (t) => {
  const { read, forgetful, primary, standby } = await startWorld(t)
  const client = forgetful()
  await client.open('ann')
  await client.deposit({ to: 'ann', amount: 1 })
  // Two standbys must confirm, and there is one: so a commit waits when the standby has it already.
  await administer(primary.address, `ALTER SYSTEM SET synchronous_standby_names = 'ANY 2 (*)'`)
  await administer(primary.address, 'SELECT pg_reload_conf()')
  const committing = administer(primary.address, `UPDATE user_wallet SET version = 2 WHERE user_id = 'ann'`)
  const version = async (versionMin: number) => ((await (await read('', versionMin)).json()) as Wallet).version
  await eventually('the standby shows it', LIMIT_MS, async () => ((await version(0)) === 2 ? true : undefined))
  const [{ version: onPrimary } = {}] = await administer(primary.address, 'SELECT version FROM user_wallet')
  t.equal(onPrimary, '1', 'and the primary does not')

  await standby.killServer()
  const shown: (number | undefined)[] = []
  let over = false
  const reading = (async () => {
    while (!over) shown.push(await version(2))
  })()
  await eventually('the primary was asked', LIMIT_MS, () => shown.length > 0 || undefined)
  await administer(primary.address, 'ALTER SYSTEM RESET synchronous_standby_names')
  await administer(primary.address, 'SELECT pg_reload_conf()')
  await committing
  await eventually('it was shown', LIMIT_MS, () => shown.includes(2) || undefined)
  over = true
  await reading
  t.notOk(shown.includes(1), 'never what was before: if need be, nothing')
})

const USERS = ['ann', 'bob', 'cho'] as const
type User = (typeof USERS)[number]
const STEPS = 400

t.test('a client that reads and writes while the standby stops and goes on never goes back in time', async (t) => {
  const { forgetful, standby, reads } = await startWorld(t)
  const client = forgetful()
  const others = forgetful()
  for (const user of USERS) {
    await others.open(user)
    await others.deposit({ to: user, amount: 1000 })
  }

  /** The version that the client has seen, or made. */
  const known = new Map<User, number>()
  const states = new Map<User, 'open' | 'frozen'>()
  const knows = (user: User) => known.get(user) ?? 0
  const saw = (user: User, version: number) => known.set(user, Math.max(version, knows(user)))
  /** By a client that remembers nothing, since its reads are of now. */
  const made = async (...users: readonly User[]) => {
    for (const user of users) saw(user, (await forgetful().wallet(user)).version)
  }
  const orRefused = async <Result>(work: Promise<Result>): Promise<Result | undefined> =>
    work.catch((error: unknown) => {
      if (!(error instanceof WalletProblem)) throw error
      return undefined
    })
  async function wallet(user: User): Promise<void> {
    const [before, stateBefore] = [knows(user), states.get(user) ?? 'open']
    const { version, state = 'open' } = await client.wallet(user)
    t.ok(version >= before, `${user} at ${version}, after ${before}`)
    t.equal(state, stateBefore, `${user} is as it was made`)
    saw(user, version)
  }
  let paused = false

  const deeds: Readonly<Record<string, (user: User, other: User, place: number) => Promise<void>>> = {
    async deposit(user) {
      await orRefused(client.deposit({ to: user, amount: 1 }))
      await made(user)
    },
    async transfer(user, other) {
      await orRefused(client.transfer({ from: user, to: other, amount: 1 }))
      await made(user, other)
    },
    async list(user, other) {
      const { transactionIDs } = await client.issueMany(user, 2)
      await client.submit(
        transactionIDs.map((transactionID) => ({ kind: 'transfer', from: user, to: other, amount: 1, transactionID })),
      )
      await made(user, other)
    },
    async 'on a version'(user) {
      await orRefused(client.deposit({ to: user, amount: 1, ifVersion: knows(user) }))
      await made(user)
    },
    async state(user) {
      const state = states.get(user) === 'frozen' ? 'open' : 'frozen'
      await client.setState(user, { state, reason: 'a test' })
      states.set(user, state)
    },
    async 'others deposit'(user) {
      await others.deposit({ to: user, amount: 1 })
    },
    async 'others transfer'(user, other) {
      await orRefused(others.transfer({ from: user, to: other, amount: 1 }))
    },
    async 'stop or go on'() {
      await (paused ? standby.resume() : standby.pause())
      paused = !paused
    },
    wallet,
    async 'at once'(user, other) {
      // Others' answers, and the client's own, come in any order.
      const deposit = orRefused(client.deposit({ to: user, amount: 1 }))
      await Promise.all([wallet(user), wallet(other), deposit, wallet(user), client.page(user), others.wallet(user)])
      const id = (await deposit)?.id
      if (id !== undefined) saw(user, id)
    },
    async page(user) {
      const [newest] = (await client.page(user, { limit: 2 })).transactions
      t.ok((newest?.id ?? 0) >= knows(user), `${user} up to ${newest?.id}, after ${knows(user)}`)
      saw(user, newest?.id ?? 0)
    },
    async 'page below'(user, _other, place) {
      const { version } = await forgetful().wallet(user)
      const IDBefore = 2 + (place % version)
      const ids = (await client.page(user, { limit: 3, IDBefore })).transactions.map(({ id }) => id)
      t.strictSame(
        ids,
        [1, 2, 3].map((back) => IDBefore - back).filter((id) => id > 0),
      )
      saw(user, ids[0] ?? 0)
    },
    async status(user) {
      const { transactionID } = await others.issue(user)
      const executed = await orRefused(others.deposit({ to: user, amount: 1 }, { transactionID }))
      const { transaction } = await client.status(user, transactionID)
      t.equal(transaction?.id, executed?.id)
      saw(user, transaction?.id ?? 0)
    },
  }
  const often = Array.from({ length: 8 }, () => 'wallet')
  const step = fc.record({
    name: fc.constantFrom(...Object.keys(deeds), ...often, 'page', 'page'),
    users: fc.shuffledSubarray([...USERS], { minLength: 2, maxLength: 2 }),
    place: fc.nat(),
  })
  // One run: the wallets remember the one before.
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: STEPS, maxLength: STEPS, size: 'max' }), async (steps) => {
      for (const {
        name,
        users: [user = 'ann', other = 'bob'],
        place,
      } of steps)
        await deeds[name]?.(user, other, place)
    }),
    { ...seeded(t, 1), endOnFailure: true },
  )
  const [answered, behind] = [await reads('answered'), await reads('behind')]
  t.ok(answered > 0 && behind > 0, `${answered} reads were answered by the standby, ${behind} found it behind`)
  t.equal(await reads('unusable'), 0)
})
