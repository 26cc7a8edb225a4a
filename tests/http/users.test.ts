import t from 'tap'
import { listen, type Send, startHTTP, startHTTPOverPostgres, type TestHTTP } from '../support/http/http.ts'
import { isProblem } from '../support/http/problem.ts'
import { USERS } from '../support/http/users.ts'
import { createWalletClient, idsOf, nextOf, textOf, transactionsOf, walletPath } from '../support/http/wallet-client.ts'

type Test = Parameters<typeof startHTTP>[0]

const NO_USERS = [
  '',
  // What clients take out of a path, however it is written.
  '.',
  '..',
  '%2e',
  '%2E%2e',
  '.%2E',
  '%00',
  '%0A',
  'a%0Ab',
  '%7F',
  '%C2%85',
  '%20',
  '%20a',
  'a%20',
  '%09a',
  'a%C2%A0',
  '%E3%80%80a',
  '%EF%BB%BFa',
  'a%E2%80%A8',
  'x'.repeat(129),
  '%F0%9F%98%80'.repeat(129),
  'x'.repeat(8000),
  // Not percent-encoding.
  '%',
  '%ZZ',
  '%2',
  'a%',
  '%u0041',
  // Not UTF-8: an overlong slash and NUL, a lone surrogate, beyond Unicode, cut short, Latin-1.
  '%C0%AF',
  '%C0%80',
  '%E0%80%AF',
  '%ED%A0%80',
  '%F4%90%80%80',
  '%E5%90',
  '%FF',
  '%FC',
]

async function startOverSocket(t: Test, http: TestHTTP): Promise<{ call: Send }> {
  return { call: (await listen(t, http)).send }
}

for (const [where, start] of [
  ['over memory', startHTTP],
  ['over PostgreSQL', startHTTPOverPostgres],
] as const) {
  t.test(`users, over a socket, ${where}`, async (t) => {
    const { call } = await startOverSocket(t, await start(t))
    const client = createWalletClient(call)

    t.test('any text of 1 to 128 characters names a user of its own', async (t) => {
      for (const userID of USERS) {
        const opened = await client.open(userID)
        t.match(opened, { status: 201, body: { userID, balance: 0 } }, `${userID.slice(0, 30)} is new`)
      }
      for (const [index, userID] of USERS.entries()) {
        const passiveUserID = USERS[(index + 1) % USERS.length] ?? ''
        await client.deposit(userID, 1000 + index)
        const answer = await client.transfer(userID, passiveUserID, 1)
        t.match(answer, { status: 200, body: { userID, passiveUserID, type: 4 } }, userID.slice(0, 30))
        t.match(await client.status(userID, textOf(answer.body, 'transactionID')), { body: { status: 'executed' } })
        t.match(transactionsOf(await client.history(userID, '?limit=1')), [{ userID, passiveUserID }])
      }
      for (const [index, userID] of USERS.entries())
        t.match(
          await client.wallet(userID),
          { body: { userID, balance: 1000 + index, version: 3 } },
          'no one else moved',
        )
    })

    t.test('what is no user ID is turned down and named', async (t) => {
      for (const encoded of NO_USERS) {
        for (const [method, path] of [
          ['GET', `/api/v1/users/${encoded}/wallet`],
          ['PUT', `/api/v1/users/${encoded}/wallet`],
          ['POST', `/api/v1/users/${encoded}/wallet/transactionID`],
          ['GET', `/api/v1/users/${encoded}/wallet/transactions`],
        ] as const)
          isProblem(
            t,
            await call({ method, path }),
            'INVALID_REQUEST',
            ['/userID'],
            `${method} ${encoded.slice(0, 30)}`,
          )
      }
    })

    t.test('the Link of a page works for every user, as it stands', async (t) => {
      for (const userID of USERS) {
        const link = (await client.history(userID, '?limit=1')).headers.link ?? ''
        t.match(link, /^<[!-;=?-~]+>; rel="next"$/)
        const { pathname, search } = new URL(nextOf(link), `http://x${walletPath(userID)}/transactions`)
        t.same(idsOf(await call({ method: 'GET', path: `${pathname}${search}` })), [2])
      }
    })
  })
}

t.test('a path may be encoded more than it must be, and names the same user', async (t) => {
  const { call } = await startOverSocket(t, await startHTTP(t))
  await createWalletClient(call).open('a@b')
  for (const encoded of ['a@b', 'a%40b', '%61%40%62', '%61@b']) {
    t.match(
      await call({ method: 'GET', path: `/api/v1/users/${encoded}/wallet` }),
      { body: { userID: 'a@b' } },
      encoded,
    )
  }
  t.equal((await call({ method: 'GET', path: '/api/v1/%75sers/a@b/wallet' })).status, 200)
})
