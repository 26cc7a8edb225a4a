import t from 'tap'
import { startHTTP } from '../support/http.ts'
import { isProblem } from '../support/problem.ts'
import { createWalletClient, openWith, walletPath } from '../support/wallet-client.ts'

const path = `${walletPath('ann')}/deposit`

t.test('a body that is not announced as JSON is turned down before it is read', async (t) => {
  const { send } = await startHTTP(t)
  const client = createWalletClient(send)
  await openWith(client, 'ann')
  for (const type of [
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
  ]) {
    const transactionID = await client.newID('ann')
    for (const body of [JSON.stringify({ amount: 1, transactionID }), '{broken']) {
      const answer = await send({ method: 'PUT', path, body, headers: { 'content-type': type } })
      isProblem(t, answer, 'UNSUPPORTED_MEDIA_TYPE', undefined, type)
    }
    t.equal((await client.status('ann', transactionID)).body.status, 'unused')
    const empty = await send({ method: 'PUT', path: walletPath('new'), body: '', headers: { 'content-type': type } })
    isProblem(t, empty, 'UNSUPPORTED_MEDIA_TYPE', undefined, `${type}, empty`)
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
  const packed = { 'content-encoding': 'gzip' }
  isProblem(t, await send({ method: 'PUT', path, body: Buffer.from([31, 139]), headers: packed }), 'INVALID_REQUEST')
})
