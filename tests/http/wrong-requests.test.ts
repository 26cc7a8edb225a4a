import t from 'tap'
import { EXPECTED } from '../../src/adapters/fastify/wire/expected.ts'
import { onCreation } from '../support/http/declared-routes.ts'
import { type Call, startHTTP } from '../support/http/http.ts'
import { isProblem } from '../support/http/problem.ts'
import { walletPath } from '../support/http/wallet-client.ts'

/* A wrong request is told what is expected instead, in words. The words are for people, and exact here: no one else reads them all. */

const ID = '0193cdb2-1d20-8a3f-9c41-5f0e6b7a8c9d'

const USER_ID =
  'must be a user ID such as auth0|42: 1 to 128 characters, no control characters, no white space at either end, and neither . nor ..'
const TRANSACTION_ID =
  'must be a transaction ID as the server issued it, in lower case, such as 0193cdb2-1d20-8a3f-9c41-5f0e6b7a8c9d'
const AMOUNT = 'must be a whole number from 1 to 9007199254740991, in base units: 1000000 is one dollar'
const LIMIT = 'must be a whole number from 1 to 1000'
const ID_BEFORE = 'must be a whole number from 1 to 9007199254740991, such as the nextIDBefore of the page before'
const TIME =
  'must be an existing date and time with an offset and at most 9 decimals, such as 2026-11-25T16:45:43.5Z or 2026-11-25T18:45:43%2B02:00'
const TYPE =
  'must be 1 (Deposit), 2 (Withdrawal), 3 (TransferIn) or 4 (TransferOut); for several, repeat it: type=1&type=4'
const PARAMETERS =
  'is unknown; the parameters are limit, IDBefore, createdBefore, createdAfter, createdFrom, type and reference'
const PREFIX = 'must be how a user ID begins: at most 128 characters, no control characters'
const MOVEMENT = `must be a JSON object such as {"amount":5000000,"transactionID":"${ID}"}`
const TRANSFER = `must be a JSON object such as {"passiveUserID":"auth0|7","amount":1250000,"transactionID":"${ID}"}`

type Told = Readonly<Record<string, string>>

const get = (path: string): Call => ({ method: 'GET', path })
const history = (query: string) => get(`${walletPath('ann')}/transactions?${query}`)
const put = (kind: string, body?: Call['body']): Call => ({ method: 'PUT', path: `${walletPath('ann')}${kind}`, body })
const deposit = (body?: Call['body']) => put('/deposit', body)
const transfer = (body?: Call['body']) => put('/transfer', body)

/** By what is wrong: a request, and what it is told of which path. */
const WRONG: Readonly<Record<string, readonly [Call, Told]>> = {
  'a user ID with white space at its end': [get('/api/v1/users/ann%20/wallet'), { '/userID': USER_ID }],
  'a user ID that is too long': [get(walletPath('x'.repeat(129))), { '/userID': USER_ID }],
  'a user ID for the console': [get('/console/data/curves/%00'), { '/userID': USER_ID }],
  'a transaction ID in upper case': [
    get(`${walletPath('ann')}/transactionID/${ID.toUpperCase()}`),
    { '/transactionID': TRANSACTION_ID },
  ],
  'a transaction ID for the console': [get('/console/data/transactions/x'), { '/transactionID': TRANSACTION_ID }],
  'a recipient that is none': [
    transfer({ passiveUserID: '', amount: 1, transactionID: ID }),
    { '/passiveUserID': USER_ID },
  ],
  'a recipient that is a number': [
    transfer({ passiveUserID: 7, amount: 1, transactionID: ID }),
    { '/passiveUserID': `${USER_ID}; a number was sent` },
  ],

  'a limit of nothing': [history('limit='), { '/limit': LIMIT }],
  'a limit that is too large': [history('limit=1001'), { '/limit': LIMIT }],
  'a limit with a zero before it': [history('limit=05'), { '/limit': LIMIT }],
  'a limit in words': [history('limit=ten'), { '/limit': LIMIT }],
  'two limits': [history('limit=1&limit=2'), { '/limit': `${LIMIT}, and given only once` }],
  'an IDBefore of 0': [history('IDBefore=0'), { '/IDBefore': ID_BEFORE }],
  'an IDBefore that is a transaction ID': [history(`IDBefore=${ID}`), { '/IDBefore': ID_BEFORE }],
  'a time in seconds': [history('createdBefore=1764088000'), { '/createdBefore': TIME }],
  'a time without an offset': [history('createdAfter=2026-11-25T18:45:43'), { '/createdAfter': TIME }],
  'a day that is not there': [history('createdAfter=2026-02-30T00:00:00Z'), { '/createdAfter': TIME }],
  'a time with a blank in it': [history('createdAfter=2026-11-25%2018:45:43Z'), { '/createdAfter': TIME }],
  'a + that arrived as a blank': [
    history('createdBefore=2026-11-25T18:45:43+02:00&createdAfter=2026-11-24T18:45:43.25+02:00'),
    {
      '/createdBefore': 'must be 2026-11-25T18:45:43%2B02:00: a + in a query arrives as a blank, so send + as %2B',
      '/createdAfter': 'must be 2026-11-24T18:45:43.25%2B02:00: a + in a query arrives as a blank, so send + as %2B',
    },
  ],
  'two times': [
    history('createdBefore=2026-11-25T18:45:43Z&createdBefore=2026-11-25T18:45:43Z'),
    { '/createdBefore': `${TIME}, and given only once` },
  ],
  'a moment that is none': [get(`${walletPath('ann')}?at=yesterday`), { '/at': TIME }],
  'a period without its ends': [
    get(`${walletPath('ann')}/statement`),
    { '/from': `is missing; it ${TIME}`, '/to': `is missing; it ${TIME}` },
  ],
  'a period that ends before it begins': [
    get(`${walletPath('ann')}/statement?from=2026-11-01T00:00:00Z&to=2026-10-01T00:00:00Z`),
    { '/from': 'must be before to, by a microsecond at least' },
  ],
  'a period that begins before all years': [
    get(`${walletPath('ann')}/statement?from=0000-01-01T00:00:00%2B01:00&to=2026-10-01T00:00:00Z`),
    { '/from': 'must be in the years 0000 to 9999 in UTC' },
  ],
  'a time for the console': [get('/console/data/curves/ann?createdAfter=today'), { '/createdAfter': TIME }],
  'a type in words': [history('type=Deposit'), { '/type/0': TYPE }],
  'several types in one': [history('type=1,2'), { '/type/0': TYPE }],
  'one type of two': [history('type=1&type=5'), { '/type/1': TYPE }],
  'too many types': [history(Array(17).fill('type=1').join('&')), { '/type': 'must be given at most 16 times' }],
  'an unknown parameter': [history('Limit=5&a%2Fb=1'), { '/Limit': PARAMETERS, '/a~1b': PARAMETERS }],
  'a parameter if there are none': [put('?limit=5'), { '/limit': 'is unknown; there are no parameters here' }],
  'a parameter beside the only one': [
    get(`${walletPath('ann')}?limit=5`),
    { '/limit': 'is unknown; the only parameter is at' },
  ],
  'a search for nothing': [get('/console/data/wallets'), { '/prefix': `is missing; it ${PREFIX}` }],
  'a search for a control character': [get('/console/data/wallets?prefix=%00'), { '/prefix': PREFIX }],

  'an amount of 0': [deposit({ amount: 0, transactionID: ID }), { '/amount': AMOUNT }],
  'an amount past 2^53': [deposit(`{"amount":9007199254740992,"transactionID":"${ID}"}`), { '/amount': AMOUNT }],
  'half a base unit': [deposit({ amount: 0.5, transactionID: ID }), { '/amount': `${AMOUNT}; a fraction was sent` }],
  'an amount in quotes': [deposit({ amount: '5', transactionID: ID }), { '/amount': `${AMOUNT}; a string was sent` }],
  'an amount of null': [deposit({ amount: null, transactionID: ID }), { '/amount': `${AMOUNT}; null was sent` }],
  'an amount of true': [deposit({ amount: true, transactionID: ID }), { '/amount': `${AMOUNT}; a boolean was sent` }],
  'an amount in a list': [deposit({ amount: [5], transactionID: ID }), { '/amount': `${AMOUNT}; an array was sent` }],
  'an amount in an object': [
    deposit({ amount: { of: 5 }, transactionID: ID }),
    { '/amount': `${AMOUNT}; an object was sent` },
  ],
  'a transaction ID that is none': [deposit({ amount: 1, transactionID: 'x' }), { '/transactionID': TRANSACTION_ID }],
  'no fields': [
    put('/withdraw', {}),
    { '/amount': `is missing; it ${AMOUNT}`, '/transactionID': `is missing; it ${TRANSACTION_ID}` },
  ],
  'no recipient': [transfer({ amount: 1, transactionID: ID }), { '/passiveUserID': `is missing; it ${USER_ID}` }],
  'a field too many': [
    deposit({ amount: 1, transactionID: ID, note: 'x' }),
    { '/note': 'is unknown; the fields are amount, transactionID, reference and metadata' },
  ],
  'a field in another case': [
    transfer({ passiveUserID: 'bob', Amount: 1, transactionID: ID }),
    {
      '/amount': `is missing; it ${AMOUNT}`,
      '/Amount': 'is unknown; the fields are passiveUserID, amount, transactionID, reference and metadata',
    },
  ],
  'no body': [deposit(), { '': `${MOVEMENT}; nothing was sent` }],
  'a list': [transfer([]), { '': `${TRANSFER}; an array was sent` }],
  'a text': [transfer('"5"'), { '': `${TRANSFER}; a string was sent` }],
  'a body for a wallet': [put('', { balance: 5 }), { '/balance': 'is unknown; there are no fields here' }],
  'a list for a wallet': [put('', []), { '': 'must be empty, or {}; an array was sent' }],
}

t.test('a wrong request is told what is expected', async (t) => {
  const { send } = await startHTTP(t)
  for (const [what, [call, told]] of Object.entries(WRONG)) {
    const answer = await send(call)
    isProblem(t, answer, 'INVALID_REQUEST', Object.keys(told).sort(), what)
    t.same(
      answer.body.errors,
      Object.entries(told).map(([path, message]) => ({ path, message })),
      what,
    )
  }
})

/** What is no JSON has no fields yet: it is told in `detail`. */
const NO_JSON: Readonly<Record<string, string>> = {
  '{amount:1}': 'The body is not JSON: send an object such as {"amount":5000000}, with its keys in double quotes.',
  null: 'The body is null: send an object.',
  '{"amount":1,"\\u0061mount":2}': 'The key "\\u0061mount" stands twice in the body: send it once.',
  '{"amount":9007199254740993}':
    'The number 9007199254740993 cannot be represented exactly: send a whole number up to 9007199254740991.',
}

t.test('a body that is not read is told why, and what to send', async (t) => {
  const { send } = await startHTTP(t)
  for (const [body, detail] of Object.entries(NO_JSON)) {
    const answer = await send(deposit(body))
    isProblem(t, answer, 'INVALID_REQUEST', [])
    t.equal(answer.body.detail, detail)
  }
})

t.test('of very many mistakes the first 16 are told', async (t) => {
  const { send } = await startHTTP(t)
  const names = Array.from({ length: 40 }, (_, n) => `x${n}`)
  const answer = await send(history(`${names.map((name) => `${name}=1`).join('&')}`))
  isProblem(
    t,
    answer,
    'INVALID_REQUEST',
    names
      .slice(0, 16)
      .map((name) => `/${name}`)
      .sort(),
  )
})

interface Schema {
  readonly [EXPECTED]?: unknown
  readonly properties?: Readonly<Record<string, Schema>>
  readonly items?: Schema
}

t.test('no route takes a value that it has no words for', async (t) => {
  const wordless: string[] = []
  let seen = 0
  function look(schema: Schema, path: string): void {
    seen += 1
    if (schema[EXPECTED] === undefined) wordless.push(path)
    lookInto(schema, path)
  }
  function lookInto({ properties = {}, items }: Schema, path: string): void {
    for (const [name, each] of Object.entries(properties)) look(each, `${path}/${name}`)
    if (items !== undefined) look(items, `${path}/*`)
  }
  await onCreation(
    (app) =>
      app.addHook('onRoute', ({ method, url, schema: { params, querystring, body } = {} }) => {
        // Parameters, of a path or a query, always come as an object.
        for (const parameters of [params, querystring]) lookInto({ ...Object(parameters) }, `${method} ${url}`)
        if (body !== undefined) look({ ...Object(body) }, `${method} ${url}`)
      }),
    () => startHTTP(t),
  )
  t.ok(seen > 30, `${seen} values`)
  t.strictSame(wordless, [])
})
