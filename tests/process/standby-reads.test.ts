import fc from 'fast-check'
import t, { type Test } from 'tap'
import { createWalletClient, type Wallet, type WalletClient, WalletProblem } from '../../client/client.ts'
import { type ServerAddress, toURL } from '../../db/address.ts'
import { administer, createTestDatabase } from '../support/database/database.ts'
import { declareRestored } from '../support/database/declare-restored.ts'
import { type Replicated, startReplicated } from '../support/database/replicated.ts'
import { eventually } from '../support/eventually.ts'
import { readFigures } from '../support/http/figures.ts'
import { type ServiceProcess, startServiceProcess } from '../support/process/service-process.ts'
import { seeded } from '../support/random/random-seed.ts'

const LIMIT_MS = 60_000

interface World extends Replicated {
  readonly service: ServiceProcess
  /** Reads by this one are always of now. */
  forgetful(): WalletClient
  /** A read, with a version that is recent enough; the body is a wallet. */
  read(path: string, versionMin?: number, headers?: Record<string, string>): Promise<Response>
}

async function startWorld(t: Test, standby?: ServerAddress): Promise<World> {
  const replicated = await startReplicated(t)
  const service = await startServiceProcess(t, {
    env: { DATABASE_URL: toURL(replicated.primary), READ_DATABASE_URL: toURL(standby ?? replicated.standby) },
  })
  return {
    ...replicated,
    service,
    forgetful: () => createWalletClient({ url: service.url }),
    read: (path, versionMin, headers = {}) =>
      fetch(`${service.url}/api/v1/users/ann/wallet${path}`, {
        headers: { ...headers, ...(versionMin !== undefined && { 'wallet-version-min': String(versionMin) }) },
      }),
  }
}

/** How many reads had this outcome. */
async function reads({ service }: World, outcome: string): Promise<number> {
  return (await readFigures(service.url)).sum('wallet_standby_reads_total', { outcome })
}

/** The standby has everything, and is asked. */
async function isUsed(world: World): Promise<void> {
  await world.caughtUp()
  const before = await reads(world, 'answered')
  await eventually('the standby answers', LIMIT_MS, async () => {
    await world.read('', 0)
    return (await reads(world, 'answered')) > before ? true : undefined
  })
}

async function saidInLog({ service }: World, words: RegExp): Promise<void> {
  await eventually(`the log says ${words}`, LIMIT_MS, () => words.test(service.log()) || undefined)
}

t.test(
  'who says what they have seen is never shown anything older, and who says nothing is shown what is',
  async (t) => {
    const world = await startWorld(t)
    const { read, forgetful, pause, resume } = world
    const client = forgetful()
    await client.open('ann')
    for (let n = 0; n < 5; n += 1) await client.deposit({ to: 'ann', amount: 1 })
    await isUsed(world)
    await pause()
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
    const before = await reads(world, 'answered')
    t.strictSame(await ids('limit=3&IDBefore=6'), [5, 4, 3], 'what is below an id stays as it is')
    t.strictSame(await ids('limit=3&IDBefore=6', 9), [5, 4, 3])
    t.equal(await reads(world, 'answered'), before + 2, 'so the standby is asked, whatever was seen')
    t.strictSame(await ids('limit=3&IDBefore=7'), [6, 5, 4], 'as long as it has all of that')
    t.strictSame(await ids('limit=3&IDBefore=7', 5), [5, 4, 3], 'or what was seen will do')

    await client.open('bob')
    const bob = await fetch(`${world.service.url}/api/v1/users/bob/wallet`, { headers: { 'wallet-version-min': '0' } })
    t.equal(bob.status, 200, 'a wallet that the standby does not know')

    const figures = await readFigures(world.service.url)
    for (const queue of ['standby_wallet', 'standby_history'])
      t.ok(figures.sum('wallet_batch_size_count', { queue }) > 0, queue)
    t.equal(figures.sum('wallet_standby_usable'), 1)

    await client.setState('ann', { state: 'frozen', reason: 'a test' })
    await resume()
    await world.caughtUp()
    await pause()
    await client.setState('ann', { state: 'open', reason: 'a test' })
    t.match(await (await read('', 10)).json(), { version: 10, state: undefined }, 'a state says the primary alone')
  },
)

t.test('a version that is none is refused in words', async (t) => {
  const { read } = await startWorld(t)
  for (const wrong of ['-1', '1.5', '"5"', 'x', '01', '1'.repeat(17)])
    for (const path of ['', '/transactions']) {
      const answer = await read(path, undefined, { 'wallet-version-min': wrong })
      t.equal(answer.status, 400, `${path} ${wrong}`)
      t.match(await answer.json(), {
        code: 'INVALID_REQUEST',
        errors: [{ path: '/wallet-version-min', message: 'must be a version of the wallet, such as 41, or 0 for any' }],
      })
    }
})

const USERS = ['ann', 'bob', 'cho'] as const
type User = (typeof USERS)[number]
const STEPS = 400

t.test('a client that reads and writes while the standby stops and goes on never goes back in time', async (t) => {
  const world = await startWorld(t)
  const { forgetful, pause, resume } = world
  const client = forgetful()
  const others = forgetful()
  for (const user of USERS) {
    await others.open(user)
    await others.deposit({ to: user, amount: 1000 })
  }
  await isUsed(world)

  /** The version that the client has seen, or made. */
  const known = new Map<User, number>()
  const states = new Map<User, 'open' | 'frozen'>()
  const saw = (user: User, version: number) => known.set(user, Math.max(version, known.get(user) ?? 0))
  /** By a client that remembers nothing, since its reads are of now. */
  const made = async (...users: readonly User[]) => {
    for (const user of users) saw(user, (await forgetful().wallet(user)).version)
  }
  const refusedOr = async (work: Promise<unknown>) =>
    work.catch((error: unknown) => {
      if (!(error instanceof WalletProblem)) throw error
    })
  let paused = false

  const deeds: Readonly<Record<string, (user: User, other: User, place: number) => Promise<void>>> = {
    async deposit(user) {
      await refusedOr(client.deposit({ to: user, amount: 1 }))
      await made(user)
    },
    async transfer(user, other) {
      await refusedOr(client.transfer({ from: user, to: other, amount: 1 }))
      await made(user, other)
    },
    async list(user, other) {
      const issued = await client.issueMany(user, 2)
      const list = issued.transactionIDs.map((transactionID) => ({
        ...{ kind: 'transfer' as const, from: user, to: other, amount: 1, transactionID },
      }))
      await client.submit(list)
      await made(user, other)
    },
    async 'on a version'(user) {
      await refusedOr(client.deposit({ to: user, amount: 1, ifVersion: known.get(user) ?? 0 }))
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
      await refusedOr(others.transfer({ from: user, to: other, amount: 1 }))
    },
    async 'stop or go on'() {
      await (paused ? resume() : pause())
      paused = !paused
    },
    async wallet(user) {
      const { version, state = 'open' } = await client.wallet(user)
      t.ok(version >= (known.get(user) ?? 0), `${user} at ${version}, after ${known.get(user)}`)
      t.equal(state, states.get(user) ?? 'open', `${user} is as it was made`)
      saw(user, version)
    },
    async page(user) {
      const [newest] = (await client.page(user, { limit: 2 })).transactions
      t.ok((newest?.id ?? 0) >= (known.get(user) ?? 0), `${user} up to ${newest?.id}, after ${known.get(user)}`)
      saw(user, newest?.id ?? 0)
    },
    async 'page below'(user, _other, place) {
      const { version } = await forgetful().wallet(user)
      const filters = { limit: 3, IDBefore: 2 + (place % version) }
      const ids = (await client.page(user, filters)).transactions.map(({ id }) => id)
      const [newest = 0] = ids
      t.ok(newest >= Math.min(filters.IDBefore - 1, known.get(user) ?? 0), `${user} up to ${newest}`)
      t.strictSame(
        ids,
        [newest, newest - 1, newest - 2].filter((id) => id > 0),
      )
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
  t.ok((await reads(world, 'answered')) > 0)
  t.ok((await reads(world, 'behind')) > 0)
  t.comment(`${await reads(world, 'answered')} reads were answered by the standby`)
})

t.test('without its standby the service reads from the primary, and with it again when it is back', async (t) => {
  const world = await startWorld(t)
  const { read, forgetful, standbyServer } = world
  const client = forgetful()
  await client.open('ann')
  await isUsed(world)
  let over = false
  const statuses = new Set<number>()
  const reading = Promise.all(
    Array.from({ length: 8 }, async () => {
      while (!over) statuses.add((await read('', 0)).status)
    }),
  )
  const unusable = await reads(world, 'unusable')
  await standbyServer.killServer()
  await eventually('the primary is asked', LIMIT_MS, async () =>
    (await reads(world, 'unusable')) > unusable ? true : undefined,
  )
  await saidInLog(world, /all reads go to the primary: the standby \(.*\) is not used, since it does not answer: /)
  await standbyServer.accepting()
  await isUsed(world)
  over = true
  await reading
  t.strictSame([...statuses], [200])
  t.equal((await fetch(`${world.service.url}/readyz`)).status, 200)
})

t.test('what is not, or no longer, a standby of this ledger is not asked', async (t) => {
  t.test('another cluster, of which the wallet may be another', async (t) => {
    const world = await startWorld(t, await createTestDatabase(t))
    await saidInLog(world, /since it is no copy of the server of DATABASE_URL/)
    await world.forgetful().open('ann')
    t.equal((await world.read('', 0)).status, 200)
  })

  t.test('a standby that has become a primary', async (t) => {
    const world = await startWorld(t)
    const { forgetful, standby, read } = world
    await forgetful().open('ann')
    await isUsed(world)
    await administer(standby, 'SELECT pg_promote()')
    await saidInLog(world, /since it is no standby/)
    const unusable = await reads(world, 'unusable')
    t.equal((await read('', 0)).status, 200)
    t.equal(await reads(world, 'unusable'), unusable + 1)
  })

  t.test('a standby that does not know that the ledger was declared restored', async (t) => {
    const world = await startWorld(t)
    const { forgetful, primary, pause, resume } = world
    await forgetful().open('ann')
    await isUsed(world)
    await pause()
    await declareRestored(primary)
    await saidInLog(world, /since it does not know that the ledger was declared restored/)
    await resume()
    await isUsed(world)
  })
})
