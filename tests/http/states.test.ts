import t from 'tap'
import { startHTTP } from '../support/http/http.ts'
import { isProblem } from '../support/http/problem.ts'
import { createWalletClient, openWith, walletPath } from '../support/http/wallet-client.ts'

const REPLAYED = { headers: { 'idempotent-replayed': 'true' } }

async function setUp(t: Parameters<typeof startHTTP>[0]) {
  const { send } = await startHTTP(t)
  const client = createWalletClient(send)
  await openWith(client, 'ann', 100)
  await openWith(client, 'bob', 10)
  const get = (tag: string) => send({ method: 'GET', path: walletPath('ann'), headers: { 'if-none-match': tag } })
  const deposit = async (tag: string, transactionID?: string) =>
    send({
      ...{ method: 'PUT', path: `${walletPath('ann')}/deposit`, headers: { 'if-match': tag } },
      body: { amount: 1, transactionID: transactionID ?? (await client.newID('ann')) },
    })
  return { send, client, get, deposit }
}

t.test('a wallet that is as it was read before is not sent again', async (t) => {
  const { client, get } = await setUp(t)
  t.equal((await client.wallet('ann')).headers.etag, '"1"')
  for (const tag of ['"1"', 'W/"1"', '"0", "1"', '*']) {
    const answer = await get(tag)
    t.match(answer, { status: 304, text: '', headers: { etag: '"1"' } }, tag)
  }
  for (const tag of ['"2"', '1', '""', 'x']) t.match(await get(tag), { status: 200, body: { version: 1 } }, tag)
  await client.deposit('ann', 1)
  t.match(await get('"1"'), { status: 200, headers: { etag: '"2"' } })
})

t.test('a write with If-Match is executed only on that version, and a refusal is final for its ID', async (t) => {
  const { client, deposit } = await setUp(t)
  t.match(await deposit('"1"'), { status: 200, body: { id: 2 } })
  const id = await client.newID('ann')
  const refused = await deposit('"1"', id)
  isProblem(t, refused, 'VERSION_MISMATCH')
  const again = await deposit('"2"', id)
  t.match(again, REPLAYED, 'a replay ignores the condition')
  t.strictSame(again.raw, refused.raw)
  t.match(await client.deposit('ann', 1, id), REPLAYED)
  t.match(await client.status('ann', id), { body: { status: 'refused', refusal: { code: 'VERSION_MISMATCH' } } })
  for (const tag of ['*', 'W/"2"', '"1", "2"', '""', '2', '"02"', '"-1"', '"99999999999999999"'])
    isProblem(t, await deposit(tag), 'INVALID_REQUEST', ['/if-match'], tag)
  t.match(await client.wallet('ann'), { body: { version: 2 } })
})

t.test('a frozen wallet takes money in and lets none out, and says so', async (t) => {
  const { client } = await setUp(t)
  const frozen = await client.setState('ann', 'frozen')
  t.match(frozen, { status: 200, body: { state: 'frozen', balance: 100, version: 1 } })
  const read = await client.wallet('ann')
  t.match(read, { body: { state: 'frozen' } })
  t.notOk('etag' in read.headers, 'a change of state makes no new version, so there is no tag to compare')
  isProblem(t, await client.withdraw('ann', 1), 'WALLET_FROZEN')
  isProblem(t, await client.transfer('ann', 'bob', 1), 'WALLET_FROZEN')
  t.match(await client.transfer('bob', 'ann', 1), { status: 200 })
  t.match(await client.open('ann'), { status: 200, body: { state: 'frozen' } })
  t.notOk('state' in (await client.setState('ann', 'open')).body)
  t.match(await client.withdraw('ann', 101), { status: 200 })
})

t.test('an empty wallet is closed, and opened again', async (t) => {
  const { client } = await setUp(t)
  isProblem(t, await client.setState('ann', 'closed'), 'WALLET_NOT_EMPTY')
  await client.withdraw('ann', 100)
  t.match(await client.setState('ann', 'closed'), { status: 200, body: { state: 'closed' } })
  isProblem(t, await client.deposit('ann', 1), 'WALLET_CLOSED')
  isProblem(t, await client.transfer('bob', 'ann', 1), 'PASSIVE_WALLET_CLOSED')
  await client.setState('ann', 'open')
  t.match(await client.deposit('ann', 1), { status: 200 })
})

t.test('a change of state that is malformed, or of no wallet, is turned down', async (t) => {
  const { client, send } = await setUp(t)
  isProblem(t, await client.setState('nobody', 'frozen'), 'WALLET_NOT_FOUND')
  isProblem(t, await client.setState('ann', 'melted'), 'INVALID_REQUEST', ['/state'])
  for (const reason of ['', 'x'.repeat(201), '\u0000'])
    isProblem(t, await client.setState('ann', 'frozen', reason), 'INVALID_REQUEST', ['/reason'])
  const path = `${walletPath('ann')}/state`
  isProblem(t, await send({ method: 'PUT', path, body: { state: 'frozen' } }), 'INVALID_REQUEST', ['/reason'])
  t.match(await client.setState('ann', 'frozen', '😀'.repeat(200)), { status: 200 })
})
