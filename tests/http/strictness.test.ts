import t, { type Test } from 'tap'
import type { Body, Call } from '../support/http/http.ts'
import { startHTTP } from '../support/http/http.ts'
import { isProblem } from '../support/http/problem.ts'
import {
  createWalletClient,
  type Kind,
  openWith,
  type WalletClient,
  walletPath,
} from '../support/http/wallet-client.ts'

const BODY_BYTES = 16 * 1024

async function setUp(t: Test) {
  const http = await startHTTP(t)
  const client = createWalletClient(http.send)
  await openWith(client, 'ann', 1000)
  await openWith(client, 'bob', 1000)
  return { ...http, client }
}

/** Sends a body that must be turned down, and sees that nothing moved and that the transaction ID is still unused. */
async function isTurnedDown(
  t: Test,
  client: WalletClient,
  kind: Kind,
  makeBody: (id: string) => Call['body'],
  paths: readonly string[] | undefined,
  of: string,
): Promise<void> {
  const id = await client.newID('ann')
  isProblem(t, await client.put('ann', kind, makeBody(id)), 'INVALID_REQUEST', paths, of)
  t.equal((await client.status('ann', id)).body.status, 'unused', `${of}: the ID stays unused`)
  t.equal((await client.wallet('ann')).body.balance, 1000, `${of}: nothing moved`)
}

const NO_AMOUNTS = {
  true: ['/amount'],
  '"1"': ['/amount'],
  '""': ['/amount'],
  '[1]': ['/amount'],
  '{"valueOf":1}': ['/amount'],
  '1.5': ['/amount'],
  '0': ['/amount'],
  '-1': ['/amount'],
  '-0': ['/amount'],
  null: ['/amount'],
  false: ['/amount'],
  '9007199254740992': ['/amount'],
  '1e16': ['/amount'],
  // These are no double: what JSON.parse would make of them is another number.
  '9007199254740993': [],
  '1e999': [],
  '-1e999': [],
  '1e-400': [],
  '1.0000000000000000001': [],
  '0.99999999999999999999': [],
  '123456789012345678901234567890': [],
  // These are no JSON.
  '0x10': [],
  '01': [],
  '+1': [],
  '1.': [],
  '.5': [],
  NaN: [],
  Infinity: [],
  '1n': [],
  '1_000': [],
  "'1'": [],
  '': [],
} as const

t.test('an amount that is no JSON integer from 1 to 2^53 - 1 is turned down, never fixed', async (t) => {
  const { client } = await setUp(t)
  for (const kind of ['deposit', 'withdraw'] as const) {
    for (const [amount, paths] of Object.entries(NO_AMOUNTS)) {
      const makeBody = (id: string) => `{"amount":${amount},"transactionID":"${id}"}`
      await isTurnedDown(t, client, kind, makeBody, paths, `${kind} of ${amount}`)
    }
  }
  for (const [amount, paths] of Object.entries(NO_AMOUNTS)) {
    const makeBody = (id: string) => `{"passiveUserID":"bob","amount":${amount},"transactionID":"${id}"}`
    await isTurnedDown(t, client, 'transfer', makeBody, paths, `transfer of ${amount}`)
  }
})

t.test('an amount may be written in every way in which JSON writes an integer', async (t) => {
  const { client } = await setUp(t)
  for (const [written, amount] of [
    ['1', 1],
    ['1.0', 1],
    ['1e2', 100],
    ['1.5e1', 15],
    ['9007199254740991', 9007199254740991],
  ] as const) {
    const userID = `writer of ${written}`
    await client.open(userID)
    const id = await client.newID(userID)
    const answer = await client.put(userID, 'deposit', `{"amount":${written},"transactionID":"${id}"}`)
    t.equal(answer.status, 200, written)
    t.match(answer.text, `"amount":${amount},"balance":${amount},`, `${written} is ${amount}, digit by digit`)
  }
})

t.test('a missing, unknown or mistyped field is turned down and named', async (t) => {
  const { client } = await setUp(t)
  const cases: [string, (id: string) => Body, string[]][] = [
    ['no fields', () => ({}), ['/amount', '/transactionID']],
    ['no amount', (transactionID) => ({ transactionID }), ['/amount']],
    ['no ID', () => ({ amount: 1 }), ['/transactionID']],
    ['an unknown field', (transactionID) => ({ amount: 1, transactionID, note: 'x' }), ['/note']],
    ['a field of another route', (id) => ({ amount: 1, transactionID: id, passiveUserID: 'bob' }), ['/passiveUserID']],
    ['another case', (transactionID) => ({ Amount: 1, transactionID }), ['/Amount', '/amount']],
    ['constructor', (transactionID) => ({ amount: 1, transactionID, constructor: 1 }), ['/constructor']],
    ['toString', (transactionID) => ({ amount: 1, transactionID, toString: 1 }), ['/toString']],
    ['a name with a slash', (transactionID) => ({ amount: 1, transactionID, 'a/b~c': 1 }), ['/a~1b~0c']],
    ['an empty name', (transactionID) => ({ amount: 1, transactionID, '': 1 }), ['/']],
  ]
  for (const [of, makeBody, paths] of cases) await isTurnedDown(t, client, 'deposit', makeBody, paths, of)

  const transfers: [string, (id: string) => Body, string[]][] = [
    ['no recipient', (transactionID) => ({ amount: 1, transactionID }), ['/passiveUserID']],
    ...[null, 1, true, ['bob'], '', '.', '..', ' bob', 'bob ', 'b\u0000b', 'b\nb', '\ud800', 'x'.repeat(129)].map(
      (passiveUserID): [string, (id: string) => Body, string[]] => [
        `recipient ${JSON.stringify(passiveUserID).slice(0, 20)}`,
        (transactionID) => ({ passiveUserID, amount: 1, transactionID }),
        ['/passiveUserID'],
      ],
    ),
  ]
  for (const [of, makeBody, paths] of transfers) await isTurnedDown(t, client, 'transfer', makeBody, paths, of)
})

t.test('a transaction ID that is no UUID in lower case is malformed', async (t) => {
  const { client } = await setUp(t)
  const malformed: [string, (id: string) => unknown][] = [
    ['upper case', (id) => id.toUpperCase().replace(/^/, 'A').slice(0, 36)],
    ['no dashes', (id) => id.replaceAll('-', '')],
    ['a space at its end', (id) => `${id} `],
    ['a newline at its end', (id) => `${id}\n`],
    ['braces', (id) => `{${id}}`],
    ['empty', () => ''],
    ['null', () => null],
    ['a number', () => 1],
    ['in an array', (id) => [id]],
  ]
  for (const [of, make] of malformed) {
    await isTurnedDown(t, client, 'deposit', (id) => ({ amount: 1, transactionID: make(id) }), ['/transactionID'], of)
    if (of !== 'in an array' && of !== 'empty') {
      const id = await client.newID('ann')
      const answer = await client.status('ann', encodeURIComponent(String(make(id))))
      isProblem(t, answer, 'INVALID_REQUEST', ['/transactionID'], `${of}, in the path`)
    }
  }
})

t.test('a body that JSON.parse would silently fix is turned down', async (t) => {
  const { client } = await setUp(t)
  const bytes = (text: string, ...extra: number[]) => Buffer.concat([Buffer.from(text), Buffer.from(extra)])
  const valid = (id: string) => `{"amount":1,"transactionID":"${id}"}`
  const cases: [string, (id: string) => string | Buffer][] = [
    ['the same key twice', (id) => `{"amount":1,"amount":1,"transactionID":"${id}"}`],
    ['a key twice, once escaped', (id) => `{"amount":1,"\\u0061mount":2,"transactionID":"${id}"}`],
    ['a key twice, an array first', (id) => `{"amount":[2],"amount":1,"transactionID":"${id}"}`],
    ['a key twice, an object first', (id) => `{"amount":{"a":2},"amount":1,"transactionID":"${id}"}`],
    ['a key twice, an array last', (id) => `{"amount":1,"amount":[2],"transactionID":"${id}"}`],
    ['__proto__', (id) => `{"__proto__":{"amount":1},"transactionID":"${id}"}`],
    ['__proto__ beside all fields', (id) => `{"__proto__":1,"amount":1,"transactionID":"${id}"}`],
    ['__proto__ twice', (id) => `{"__proto__":1,"__proto__":2,"amount":1,"transactionID":"${id}"}`],
    ['constructor.prototype', (id) => `{"constructor":{"prototype":{}},"amount":1,"transactionID":"${id}"}`],
    [
      'broken UTF-8 in a value',
      (id) =>
        Buffer.concat([Buffer.from('{"amount":1,"transactionID":"'), Buffer.from([0xff]), Buffer.from(`${id}"}`)]),
    ],
    ['broken UTF-8 after it', (id) => bytes(valid(id), 0xc3)],
    ['an overlong slash', (id) => bytes(valid(id), 0xc0, 0xaf)],
    ['a byte order mark', (id) => Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), Buffer.from(valid(id))])],
    ['UTF-16', (id) => Buffer.from(valid(id), 'utf16le')],
    ['two values', (id) => `${valid(id)}${valid(id)}`],
    ['a comma at the end', (id) => valid(id).replace('}', ',}')],
    ['a comment', (id) => `${valid(id)}/**/`],
    ['cut short', (id) => valid(id).slice(0, -1)],
    ['NUL at its end', (id) => `${valid(id)}\u0000`],
    ['in an array', (id) => `[${valid(id)}]`],
    ['in a string', (id) => JSON.stringify(valid(id))],
    ...['', ' ', 'null', 'true', '1', '"a:b"', '[]', '{}', '-', '{', '"', '\\'].map((text): [string, () => string] => [
      `the body ${JSON.stringify(text)}`,
      () => text,
    ]),
  ]
  for (const [of, makeBody] of cases) await isTurnedDown(t, client, 'deposit', makeBody, undefined, of)
})

t.test('JSON may be laid out as one likes', async (t) => {
  const { client } = await setUp(t)
  const id = await client.newID('ann')
  const escaped = [...id].map((character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`).join('')
  const answer = await client.put('ann', 'deposit', `\r\n\t { "transactionID" : "${escaped}" ,\n"\\u0061mount":5 }\n`)
  t.match(answer, { status: 200, body: { amount: 5, transactionID: id } })
})

t.test('depth does no harm', async (t) => {
  const { client } = await setUp(t)
  const depth = BODY_BYTES / 2 - 50
  for (const nested of ['['.repeat(depth) + ']'.repeat(depth), '['.repeat(2 * depth), '{"a":'.repeat(3000)]) {
    await isTurnedDown(t, client, 'deposit', () => nested, undefined, nested.slice(0, 6))
    const inside = (id: string) => `{"transactionID":"${id}","amount":${nested.slice(0, -50)}}`
    await isTurnedDown(t, client, 'deposit', inside, undefined, `inside: ${nested.slice(0, 6)}`)
  }
})

t.test('a body has 16 KiB at most', async (t) => {
  const { client } = await setUp(t)
  const padded = (id: string, bytes: number) => `{"amount":7,"transactionID":"${id}"}`.padEnd(bytes, ' ')
  const id = await client.newID('ann')
  isProblem(t, await client.put('ann', 'deposit', padded(id, BODY_BYTES + 1)), 'BODY_TOO_LARGE')
  t.equal((await client.status('ann', id)).body.status, 'unused')
  t.equal((await client.put('ann', 'deposit', padded(id, BODY_BYTES))).status, 200)
})

t.test('opening a wallet and issuing an ID take an empty body or {} and nothing else', async (t) => {
  const { send } = await setUp(t)
  for (const [method, path] of [
    ['PUT', walletPath('new')],
    ['POST', `${walletPath('new')}/transactionID`],
  ] as const) {
    for (const body of [undefined, '', '{}', ' { } ', {}]) {
      const { status } = await send({ method, path, body })
      t.ok(status === 200 || status === 201, `${method} with ${JSON.stringify(body)}`)
    }
    for (const body of ['null', '[]', '0', '""', 'true', '{"a":1}', '{"__proto__":null}', '{"balance":5}', ' ', '{']) {
      isProblem(t, await send({ method, path, body }), 'INVALID_REQUEST', undefined, `${method} with ${body}`)
    }
  }
})
