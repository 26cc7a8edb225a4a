import t from 'tap'
import { startHTTP } from '../support/http.ts'
import { isProblem } from '../support/problem.ts'

const PAGES = ['/docs', '/docs/']

t.test('the reference and all that it loads come from the service', async (t) => {
  const { send } = await startHTTP(t)
  for (const path of PAGES) {
    const page = await send({ method: 'GET', path })
    t.match(page, { status: 200, headers: { 'content-type': /^text\/html/ } }, path)
    const loaded = [...page.text.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, target = '']) => target)
    t.ok(loaded.length >= 5, `${path} loads scripts and styles`)
    for (const target of loaded) {
      const base = 'http://service'
      const { origin, pathname } = new URL(target, `${base}${path}`)
      t.equal(origin, base, target)
      t.equal((await send({ method: 'GET', path: pathname })).status, 200, target)
    }
  }
})

t.test('the reference needs no rule of its Content-Security-Policy loosened', async (t) => {
  const { send } = await startHTTP(t)
  for (const path of PAGES) {
    const { text, headers } = await send({ method: 'GET', path })
    t.notMatch(text, /<script(?![^>]* src=)|<style|style=|\son\w+=|javascript:/i, `${path}: nothing inline`)
    const policy = headers['content-security-policy'] ?? ''
    t.match(policy, /default-src 'self'.*frame-ancestors 'none'/)
    t.notMatch(policy, /unsafe|https?:|\*/)
  }
})

t.test('the reference shows what /openapi.json says', async (t) => {
  const { send } = await startHTTP(t)
  const [shown, said] = await Promise.all(['/docs/json', '/openapi.json'].map((path) => send({ method: 'GET', path })))
  t.same(shown?.body, said?.body)
})

t.test('nothing else is served below /docs', async (t) => {
  const { send } = await startHTTP(t)
  for (const path of ['/docs/static/nothing', '/docs/static/%2e%2e/package.json', '/docs/static/..%2fpackage.json'])
    isProblem(t, await send({ method: 'GET', path }), 'ROUTE_NOT_FOUND', undefined, path)
  isProblem(t, await send({ method: 'PUT', path: '/docs' }), 'METHOD_NOT_ALLOWED')
})
