import { gzipSync } from 'node:zlib'
import t from 'tap'
import { listen, startHTTP } from '../support/http/http.ts'
import { isProblem } from '../support/http/problem.ts'
import { connectRaw } from '../support/http/raw-client.ts'
import { createWalletClient, openWith, walletPath } from '../support/http/wallet-client.ts'

const path = `${walletPath('ann')}/deposit`

const OTHER_TYPES = [
  'text/plain',
  'application/x-www-form-urlencoded',
  'multipart/form-data; boundary=x',
  'text/json',
  'application/jsonp',
  'application/json-patch+json',
  'application/vnd.api+json',
  'application/octet-stream',
  'application',
  'json',
  '*/*',
  'application/*',
  'application/json text/plain',
  'application/json, text/plain',
  ';',
  '/',
]

t.test('a body that is not announced as JSON is turned down before it is looked into', async (t) => {
  const { send } = await startHTTP(t)
  const client = createWalletClient(send)
  await openWith(client, 'ann')
  for (const type of OTHER_TYPES) {
    const transactionID = await client.newID('ann')
    for (const body of [JSON.stringify({ amount: 1, transactionID }), '{broken']) {
      const answer = await send({ method: 'PUT', path, body, headers: { 'content-type': type } })
      isProblem(t, answer, 'UNSUPPORTED_MEDIA_TYPE', undefined, type)
    }
    t.equal((await client.status('ann', transactionID)).body.status, 'unused')
  }
})

t.test('an empty body is no body, whatever type and encoding it is announced with', async (t) => {
  const http = await startHTTP(t)
  const { port, send } = await listen(t, http)
  await send({ method: 'PUT', path: walletPath('ann') })
  const raw = await connectRaw(t, port)
  const framings = { 'content-length: 0': '', 'transfer-encoding: chunked': '0\r\n\r\n' }
  const requests = [
    ['PUT', walletPath('ann'), 200],
    ['POST', `${walletPath('ann')}/transactionID`, 201],
    ['PUT', path, 400],
  ] as const
  for (const line of [...OTHER_TYPES.map((type) => `content-type: ${type}`), 'content-encoding: gzip', 'x: y']) {
    for (const [framing, body] of Object.entries(framings)) {
      for (const [method, target, status] of requests) {
        raw.write(`${method} ${target} HTTP/1.1\r\nhost: x\r\n${line}\r\n${framing}\r\n\r\n${body}`)
        const answer = await raw.answer()
        t.equal(answer.status, status, `${method} ${target}, ${line}, ${framing}`)
        if (status === 400) isProblem(t, answer, 'INVALID_REQUEST', [''], line)
      }
    }
  }
})

t.test('a body that is encoded is turned down with the encoding that would be taken', async (t) => {
  const { send } = await startHTTP(t)
  const client = createWalletClient(send)
  await openWith(client, 'ann')
  const transactionID = await client.newID('ann')
  const body = JSON.stringify({ amount: 1, transactionID })
  for (const encoding of ['gzip', 'GZIP', 'br', 'deflate', 'zstd', 'identity, gzip', 'gzip, identity', 'utf-8', '*']) {
    for (const [of, encoded] of Object.entries({ packed: gzipSync(body), plain: body })) {
      const answer = await send({ method: 'PUT', path, body: encoded, headers: { 'content-encoding': encoding } })
      isProblem(t, answer, 'UNSUPPORTED_MEDIA_TYPE', undefined, `${encoding}, ${of}`)
      t.match(answer, { headers: { 'accept-encoding': 'identity' }, body: { detail: /Content-Encoding.*identity/ } })
    }
  }
  t.equal((await client.status('ann', transactionID)).body.status, 'unused')
  for (const encoding of ['identity', 'Identity', '', 'identity, identity']) {
    const answer = await send({ method: 'PUT', path, body, headers: { 'content-encoding': encoding } })
    t.equal(answer.status, 200, `${encoding}: the body as it is`)
  }
  const ofType = await send({ method: 'PUT', path, body, headers: { 'content-type': 'text/plain' } })
  t.equal(ofType.headers['accept-encoding'], undefined, 'not said of a media type')
})

t.test('a body that is turned down for its type keeps the connection for what is behind it', async (t) => {
  const { port } = await listen(t, await startHTTP(t))
  const raw = await connectRaw(t, port)
  for (const header of ['content-type: text/plain', 'content-type: ;', 'content-encoding: gzip']) {
    raw.write(`PUT ${path} HTTP/1.1\r\nhost: x\r\n${header}\r\ncontent-length: 2\r\n\r\n{}`)
    raw.write('GET /livez HTTP/1.1\r\nhost: x\r\n\r\n')
    t.equal((await raw.answer()).status, 415, header)
    t.equal((await raw.answer()).status, 200)
  }
})

t.test('a body without a content type is turned down; no body needs none', async (t) => {
  const { app } = await startHTTP(t)
  const withBody = await app.inject({ method: 'PUT', url: walletPath('ann'), payload: Buffer.from('{}') })
  t.equal(withBody.statusCode, 415)
  t.equal((await app.inject({ method: 'PUT', url: walletPath('ann') })).statusCode, 201)
  const nothing = await app.inject({ method: 'PUT', url: path })
  t.match(nothing.json(), { code: 'INVALID_REQUEST', errors: [{ path: '' }] })
})

t.test('parameters of the content type change nothing, since JSON is UTF-8 by definition', async (t) => {
  const { send } = await startHTTP(t)
  const client = createWalletClient(send)
  await openWith(client, 'ann')
  await openWith(client, '名前')
  await client.deposit('ann', 1000)
  for (const type of [
    'application/json',
    'application/json; charset=utf-8',
    'application/json;charset=UTF-8',
    'application/json; charset="utf-8"',
    'application/json; charset=iso-8859-1',
    'APPLICATION/JSON',
    'application/json ; profile=x',
  ]) {
    const transactionID = await client.newID('ann')
    const body = { passiveUserID: '名前', amount: 1, transactionID }
    const headers = { 'content-type': type }
    const answer = await send({ method: 'PUT', path: `${walletPath('ann')}/transfer`, body, headers })
    t.match(answer, { status: 200, body: { passiveUserID: '名前' } }, type)
  }
  const utf16 = Buffer.from(JSON.stringify({ amount: 1, transactionID: await client.newID('ann') }), 'utf16le')
  const headers = { 'content-type': 'application/json; charset=utf-16' }
  isProblem(t, await send({ method: 'PUT', path, body: utf16, headers }), 'INVALID_REQUEST')
})

t.test('a request to upgrade is the last one on its connection, whatever is wrong with its body', async (t) => {
  const { port } = await listen(t, await startHTTP(t))
  for (const header of ['content-type: text/plain', 'content-encoding: gzip', 'content-type: application/json']) {
    const raw = await connectRaw(t, port)
    const upgrade = 'upgrade: websocket\r\nconnection: upgrade'
    raw.write(`PUT ${path} HTTP/1.1\r\nhost: x\r\n${upgrade}\r\n${header}\r\ncontent-length: 1\r\n\r\n{`)
    const answer = await raw.answer()
    t.ok([400, 415].includes(answer.status), header)
    t.equal(answer.headers.connection, 'close', header)
    await raw.closed()
  }
})
