import { METHODS } from 'node:http'
import t from 'tap'
import { startHTTP } from '../support/http/http.ts'
import { isProblem } from '../support/http/problem.ts'
import { API_PATHS, createWalletClient, openWith, walletPath } from '../support/http/wallet-client.ts'

const PATHS: Readonly<Record<string, readonly string[]>> = {
  ...API_PATHS,
  '/livez': ['GET'],
  '/readyz': ['GET'],
  '/openapi.json': ['GET'],
  '/llms.txt': ['GET'],
}

/** CONNECT asks for a tunnel and names no path. */
const OTHERS = METHODS.filter((method) => method !== 'CONNECT')

t.test('every path answers every other method with 405 and the methods that it knows', async (t) => {
  const { send } = await startHTTP(t)
  for (const [path, methods] of Object.entries(PATHS)) {
    const known = methods.includes('GET') ? [...methods, 'HEAD'] : methods
    for (const method of OTHERS.filter((method) => !known.includes(method))) {
      const answer = await send({ method, path })
      t.equal(answer.headers.allow, [...known].sort().join(', '), `${method} ${path}: Allow`)
      if (method === 'HEAD') t.match(answer, { status: 405, text: '' }, `HEAD ${path}`)
      else isProblem(t, answer, 'METHOD_NOT_ALLOWED', undefined, `${method} ${path}`)
    }
  }
})

t.test('an unknown path answers every method with 404', async (t) => {
  const { send } = await startHTTP(t)
  for (const path of [
    '/',
    '/api',
    '/api/v1',
    '/api/v1/users',
    '/api/v1/users/u',
    `${walletPath('u')}/`,
    `${walletPath('u')}/Deposit`,
    `${walletPath('u')}//deposit`,
    `${walletPath('u')}/transactionID/x/y`,
    `${walletPath('u')}/transactions/1`,
    '/api/v1/users/a/b/wallet',
    '/API/v1/users/u/wallet',
    '/livez/',
    '/documentation',
    '/__proto__',
  ]) {
    for (const method of OTHERS) {
      const answer = await send({ method, path })
      if (method === 'HEAD') t.match(answer, { status: 404, text: '' }, `HEAD ${path}`)
      else isProblem(t, answer, 'ROUTE_NOT_FOUND', undefined, `${method} ${path}`)
      t.equal(answer.headers.allow, undefined)
    }
  }
})

t.test('HEAD answers as GET does, without the body', async (t) => {
  const { send } = await startHTTP(t)
  const client = createWalletClient(send)
  await openWith(client, 'ann', 5)
  await client.deposit('ann', 5)
  const id = await client.newID('ann')
  for (const path of [
    walletPath('ann'),
    `${walletPath('ann')}/transactions?limit=1`,
    `${walletPath('ann')}/transactions?limit=0`,
    `${walletPath('ann')}/transactionID/${id}`,
    walletPath('nobody'),
    '/livez',
    '/readyz',
    '/openapi.json',
    '/llms.txt',
  ]) {
    const get = await send({ method: 'GET', path })
    const head = await send({ method: 'HEAD', path })
    t.equal(head.status, get.status, path)
    t.equal(head.raw.length, 0)
    for (const name of ['content-type', 'content-length', 'link'])
      t.equal(head.headers[name], get.headers[name], `${path}: ${name}`)
  }
})
