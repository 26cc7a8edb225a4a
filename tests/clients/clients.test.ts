import { execFile } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import t, { type Test } from 'tap'
import { createWalletClient } from '../../client/client.ts'
import { toURL } from '../../db/address.ts'
import { type ClientProgramOptions, failureOf, startClientProgram } from '../support/clients/client-program.ts'
import { depositThroughKills } from '../support/clients/killed-service.ts'
import { checkToolchains, LANGUAGES } from '../support/clients/languages.ts'
import { createTestDatabase } from '../support/database/database.ts'
import { type Fate, type Intercepted, startInterceptor } from '../support/http/interceptor.ts'
import { createIssuer } from '../support/http/issuer.ts'
import { startServiceProcess } from '../support/process/service-process.ts'

/*
 * The clients in other languages, each driven by a program of its own. Without a toolchain this fails, and says what to install.
 */

const run = promisify(execFile)

await checkToolchains()

const MAX = Number.MAX_SAFE_INTEGER
/** What waits this long for an answer that never comes sends again; a slow machine sends more often than it must. */
const ATTEMPT_MS = 3000
const SHORT_MS = 5000
/** Longer than a call may take: it ends with this answer. */
const NOT_IN_TIME = { 'retry-after': '3600' }

const deposit = (amount: number, more: object = {}) => ({ movement: { type: 1, to: 'ann', amount, ...more } })
const withdrawal = (amount: number, more: object = {}) => ({ movement: { type: 2, from: 'ann', amount, ...more } })
const transfer = (amount: number, more: object = {}) => ({
  movement: { type: 4, from: 'ann', to: 'bob', amount, ...more },
})

/** A service with the wallets of Ann and Bob. */
async function startWallets(t: Test, env: Readonly<Record<string, string>> = {}) {
  const service = await startServiceProcess(t, { env: { DATABASE_URL: toURL(await createTestDatabase(t)), ...env } })
  return { service, wallets: createWalletClient({ url: service.url }) }
}

function problemOf(status: number, code: string, headers: Readonly<Record<string, string>> = {}): Response {
  const problem = { type: 'urn:x', title: 'x', status, code, detail: 'x', instance: 'x' }
  return Response.json(problem, { status, headers })
}

for (const language of LANGUAGES) {
  const commandLine = await language.callingProgram(t)
  const startProgram = (t: Test, options: ClientProgramOptions) => startClientProgram(t, commandLine, options)

  t.test(`${language.name}: its compiler, linter and formatter have nothing to complain of`, async (t) => {
    t.equal(await language.complaints(), '')
  })

  t.test(`${language.name}: the example of its README does what it says`, async (t) => {
    const { service } = await startWallets(t)
    const page = await readFile(language.readme, 'utf8')
    const [, example] = new RegExp(`\`\`\`${language.fence}\n(.*?)\`\`\``, 's').exec(page) ?? []
    if (example === undefined) throw new Error(`${language.readme} has no example`)
    const { command, parameters, env } = await language.program(t, (file) =>
      writeFile(file, example.replace('http://127.0.0.1:8080', service.url)),
    )
    const { stdout } = await run(command, [...parameters], { env })
    t.strictSame(stdout.trimEnd().split('\n'), [
      'carl has 3750000',
      'dora 1 3 1250000',
      'INSUFFICIENT_BALANCE: The balance was less than the amount.',
    ])
  })

  t.test(`${language.name}: deposits are made once each, though the service is killed half-way`, (t) =>
    depositThroughKills(t, async (url) => {
      const program = startProgram(t, { url })
      return (reference) => program.call('move', deposit(1, { reference }))
    }),
  )

  /** A service whose requests meet a fate, and a program that sends them. */
  async function startIntercepted(t: Test, fate: Fate, options: Partial<ClientProgramOptions> = {}) {
    const { service, wallets } = await startWallets(t)
    await Promise.all(['ann', 'bob'].map((user) => wallets.open(user)))
    const seen: Intercepted[] = []
    const url = await startInterceptor(t, service.url, (request) => {
      seen.push(request)
      return fate(request)
    })
    return { wallets, seen, url, program: startProgram(t, { url, ...options }) }
  }

  t.test(
    `${language.name}: whatever becomes of its answers, a write is repeated with the same ID and made once`,
    async (t) => {
      const fates: Readonly<Record<string, (made: Response) => Awaited<ReturnType<Fate>>>> = {
        'the connection is cut': () => 'cut',
        'nothing comes': () => 'silence',
        OUTCOME_UNKNOWN: () => problemOf(503, 'OUTCOME_UNKNOWN', { 'retry-after': '0' }),
        'a page of a proxy': () => new Response('<h1>Bad gateway</h1>', { status: 502 }),
        '429': () => problemOf(429, 'TOO_MANY_REQUESTS'),
        'half of a transaction': () => new Response('{"id":1,"transact'),
        'an amount with a fraction': () => Response.json({ id: 1, amount: 1.5 }),
        'the transaction of another ID': () =>
          Response.json({
            ...{ id: 1, transactionID: 'other', userID: 'ann', type: 1, amount: 1, balance: 1, passiveUserID: null },
            createdAt: '2024-12-16T03:59:02.608558Z',
          }),
      }
      let lost = 0
      let lose: ((made: Response) => Awaited<ReturnType<Fate>>) | undefined
      const loseTwice: Fate = async ({ method, send }) => {
        const made = await send()
        if (method === 'POST' || lose === undefined || lost === 2) return made
        lost += 1
        return lose(made)
      }
      const { wallets, seen, program } = await startIntercepted(t, loseTwice, { attemptTimeoutMs: ATTEMPT_MS })
      for (const [index, name] of Object.keys(fates).entries()) {
        lose = fates[name]
        lost = 0
        seen.length = 0
        const id = index + 1
        t.match(await program.call('move', deposit(5, { reference: name })), { id, reference: name }, name)
        const puts = seen.filter(({ method }) => method === 'PUT')
        t.ok(puts.length >= 3, `${name}: it was repeated`)
        t.equal(new Set(puts.map(({ url, body }) => `${url} ${body}`)).size, 1, `${name}: each time the same`)
        t.match(await wallets.wallet('ann'), { balance: BigInt(5 * id), version: id }, `${name}: it was made once`)
      }
    },
  )

  t.test(`${language.name}: a program that is killed after the write goes on with the ID that it kept`, async (t) => {
    let kill: (() => Promise<void>) | undefined
    const killAfterWrite: Fate = async ({ method, send }) => {
      const made = await send()
      if (method === 'POST' || kill === undefined) return made
      await kill()
      return 'cut'
    }
    const { wallets, program, url } = await startIntercepted(t, killAfterWrite)
    const transactionID = await program.call('begin', deposit(5))
    kill = program.kill
    await t.rejects(program.call('move', deposit(5, { transactionID })), /the program has ended/)
    t.match(await wallets.wallet('ann'), { balance: 5n, version: 1 }, 'no one was told')
    kill = undefined
    const again = startProgram(t, { url })
    t.match(await again.call('move', deposit(5, { transactionID })), { transactionID, id: 1, balance: 5 })
    t.match(await wallets.wallet('ann'), { balance: 5n, version: 1 })
  })

  t.test(`${language.name}: past its deadline it says what is known, and the ID settles it`, async (t) => {
    let answer: Response | 'cut' | undefined
    const { wallets, program, url } = await startIntercepted(t, async ({ method, send }) => {
      if (method === 'POST' || answer === undefined) return send()
      if (answer !== 'cut') return answer.clone()
      await send()
      return 'cut'
    })
    const transactionID = await program.call('begin', deposit(5))
    const unsettled = { kind: 'unsettled', reason: 'deadline', transactionID }
    for (const [status, code, outcome] of [
      [503, 'OVERLOADED', 'not-executed'],
      [429, 'TOO_MANY_REQUESTS', 'not-executed'],
      [503, 'OUTCOME_UNKNOWN', 'unknown'],
    ] as const) {
      answer = problemOf(status, code, NOT_IN_TIME)
      const failure = await failureOf(program.call('move', deposit(5, { transactionID })))
      t.match(failure, { ...unsettled, outcome }, code)
    }
    for (const code of ['TRANSACTION_ID_RETIRED', 'TRANSACTION_ID_UNKNOWN']) {
      answer = problemOf(422, code, NOT_IN_TIME)
      const refused = await failureOf(program.call('move', deposit(5, { transactionID })))
      t.match(refused, { kind: 'problem', code, outcome: 'unknown' })
    }
    answer = 'cut'
    const hasty = startProgram(t, { url, deadlineMs: SHORT_MS })
    const failure = await failureOf(hasty.call('move', deposit(5, { transactionID })))
    t.match(failure, { ...unsettled, outcome: 'unknown' }, 'no answer')
    answer = undefined
    t.match(await program.call('move', deposit(5, { transactionID })), { transactionID, id: 1 })
    t.match(await wallets.wallet('ann'), { version: 1 })
  })

  t.test(`${language.name}: if no one is there, nothing was executed`, async (t) => {
    const { service } = await startWallets(t)
    const program = startProgram(t, { url: service.url, deadlineMs: SHORT_MS })
    await service.end('SIGKILL')
    const transactionID = '0193cdb2-1d20-8a3f-9c41-5f0e6b7a8c9d'
    const failure = { kind: 'unsettled', reason: 'deadline', outcome: 'not-executed' }
    t.match(await failureOf(program.call('move', deposit(5, { transactionID }))), { ...failure, transactionID })
    t.match(await failureOf(program.call('move', deposit(5))), failure, 'nor was an ID asked for')
  })

  t.test(`${language.name}: it waits as long as Retry-After says, and not at all past its deadline`, async (t) => {
    const times: number[] = []
    let later: Readonly<Record<string, string>> = { 'retry-after': '1' }
    const { program } = await startIntercepted(t, async ({ method, send }) => {
      if (method !== 'PUT') return send()
      times.push(performance.now())
      return times.length === 2 ? send() : problemOf(503, 'OVERLOADED', later)
    })
    await program.call('move', deposit(5))
    const [first = 0, second = 0] = times
    t.ok(second - first >= 990, `${second - first} ms`)
    later = NOT_IN_TIME
    t.match(await failureOf(program.call('move', deposit(5))), { kind: 'unsettled', outcome: 'not-executed' })
    t.equal(times.length, 3)
  })

  t.test(`${language.name}: what the service says is told as it is, money to the last unit`, async (t) => {
    const { service } = await startWallets(t)
    const { call } = startProgram(t, { url: service.url })
    const refused = (code: string, status = 422) => ({ kind: 'problem', code, status, outcome: 'not-executed' })
    for (const userID of ['ann', 'bob', '名前', 'auth0|42', 'a/b c%2F+?#'])
      t.match(await call('open', { user: userID }), { userID, balance: 0, version: 0 })
    t.match(await failureOf(call('wallet', { user: '..' })), { kind: 'invalid' })
    t.match(await failureOf(call('wallet', { user: 'nobody' })), refused('WALLET_NOT_FOUND', 404))
    t.match(await failureOf(call('wallet', { user: ' ' })), refused('INVALID_REQUEST', 400))

    t.match(await call('move', deposit(MAX)), { type: 1, amount: MAX, balance: MAX })
    t.match(await failureOf(call('move', deposit(1))), refused('BALANCE_LIMIT_EXCEEDED'))
    for (const amount of [0, -1, MAX + 1]) t.match(await failureOf(call('move', deposit(amount))), { kind: 'invalid' })
    t.match(await call('move', withdrawal(MAX - 10)), { type: 2, balance: 10 })
    const { createdAt } = Object(await call('wallet', { user: 'ann' }))
    t.match(
      await failureOf(call('wallet', { user: 'ann', at: '2020-01-01T00:00:00Z' })),
      refused('WALLET_NOT_FOUND', 404),
    )
    t.match(await call('wallet', { user: 'ann', at: createdAt }), { userID: 'ann', balance: 0 }, 'to the microsecond')

    const note = { reference: 'order-1042', metadata: { channel: 'web' } }
    const transactionID = await call('begin', transfer(3, note))
    t.match(await call('status', { user: 'ann', transactionID }), { status: 'unused' })
    const done = await call('move', transfer(3, { ...note, transactionID }))
    t.match(done, { type: 4, passiveUserID: 'bob', amount: 3, balance: 7, transactionID, ...note })
    t.strictSame(await call('move', transfer(3, { ...note, transactionID })), done, 'a repetition')
    t.match(await call('status', { user: 'ann', transactionID }), { status: 'executed', transaction: done })
    t.match(await failureOf(call('move', transfer(4, { transactionID }))), refused('TRANSACTION_ID_REUSED'))
    t.match(await failureOf(call('move', withdrawal(1, { ifVersion: 1 }))), refused('VERSION_MISMATCH', 412))
    t.match(await call('move', withdrawal(1, { ifVersion: 3 })), { id: 4 })
    const poor = await call('begin', transfer(1000))
    t.match(await failureOf(call('move', transfer(1000, { transactionID: poor }))), refused('INSUFFICIENT_BALANCE'))
    const refusal = { code: 'INSUFFICIENT_BALANCE' }
    t.match(await call('status', { user: 'ann', transactionID: poor }), { status: 'refused', refusal })
    t.match(await failureOf(call('move', deposit(1, { reference: 'x'.repeat(65) }))), {
      code: 'INVALID_REQUEST',
      errors: [{ path: '/reference' }],
    })

    const ids = async (given: object) => Object(await call('history', given)).map(({ id }: { id: number }) => id)
    t.strictSame(await ids({ user: 'ann', limit: 2 }), [4, 3, 2, 1])
    t.strictSame(await ids({ user: 'ann', limit: 2, reference: 'order-1042' }), [3])
    t.match(await call('page', { user: 'ann', limit: 1, types: [1, 4] }), {
      transactions: [{ id: 3 }],
      nextIDBefore: 3,
    })

    const { next, transactions } = Object(await call('feed'))
    t.equal(transactions.length, 5)
    const more = call('feed', { after: next })
    await call('move', deposit(1))
    t.match(await more, { transactions: [{ id: 5, balance: 7 }] }, 'the feed goes on behind its cursor')
  })

  t.test(
    `${language.name}: a list, each of its movements with its own result, is sent again until all are known`,
    async (t) => {
      let lists = 0
      const { wallets, program } = await startIntercepted(t, async ({ method, url, send }) => {
        const made = await send()
        if (method !== 'PUT' || !url.endsWith('/api/v1/transactions')) return made
        lists += 1
        if (lists > 1) return made
        const { results } = Object(await made.json())
        const problem = { code: 'OUTCOME_UNKNOWN', detail: 'x' }
        return Response.json({ results: [results[0], { status: 503, replayed: false, problem }, ...results.slice(2)] })
      })
      const { transactionIDs } = Object(await program.call('issueMany', { user: 'ann', count: 5 }))
      const [first, second, third, fourth, fifth] = transactionIDs
      const movements = [
        deposit(10, { transactionID: first }).movement,
        transfer(3, { transactionID: second, reference: 'x' }).movement,
        withdrawal(100, { transactionID: third }).movement,
      ]
      t.match(await program.call('submit', { movements }), [
        { replayed: true, transaction: { transactionID: first, balance: 10 } },
        { replayed: true, transaction: { transactionID: second, balance: 7, reference: 'x' } },
        { replayed: true, problem: { code: 'INSUFFICIENT_BALANCE', status: 422, outcome: 'not-executed' } },
      ])
      t.equal(lists, 2)
      const atomic = [
        withdrawal(1, { transactionID: fourth }).movement,
        withdrawal(100, { transactionID: fifth }).movement,
      ]
      t.match(await program.call('submit', { movements: atomic, atomic: true }), [
        { problem: { code: 'NOT_EXECUTED' } },
        { problem: { code: 'INSUFFICIENT_BALANCE' } },
      ])
      t.match(await wallets.wallet('ann'), { balance: 7n, version: 2 })
      t.match(await failureOf(program.call('submit', { movements: [deposit(1).movement] })), { kind: 'invalid' })
    },
  )

  t.test(`${language.name}: it sends its token, and follows no redirect`, async (t) => {
    const issuer = await createIssuer(t)
    const { jwksURL, issuer: name, audience } = issuer.settings
    const { service } = await startWallets(t, {
      AUTH_JWKS_URL: jwksURL.href,
      AUTH_ISSUER: name,
      AUTH_AUDIENCE: audience,
    })
    const stranger = startProgram(t, { url: service.url })
    t.match(await failureOf(stranger.call('open', { user: 'ann' })), { code: 'UNAUTHENTICATED', status: 401 })
    const ann = startProgram(t, { url: service.url, token: await issuer.token('ann') })
    t.match(await ann.call('open', { user: 'ann' }), { userID: 'ann' })
    const nonsense = startProgram(t, { url: service.url, token: 'Bearer x' })
    await t.rejects(nonsense.call('open', { user: 'ann' }), /the token is not an access token/)

    const seen: Intercepted[] = []
    const elsewhere = await startInterceptor(t, service.url, async (request) => {
      seen.push(request)
      return new Response(null, { status: 308, headers: { location: `${service.url}${request.url}` } })
    })
    const led = startProgram(t, { url: elsewhere, token: await issuer.token('ann') })
    t.match(await failureOf(led.call('open', { user: 'ann' })), { code: 'UNEXPECTED_ANSWER', status: 308 })
    t.equal(seen.length, 1)
  })
}
