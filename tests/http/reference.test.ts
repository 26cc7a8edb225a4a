import t from 'tap'
import { startHTTP } from '../support/http/http.ts'
import { isProblem } from '../support/http/problem.ts'

const PAGE = '/docs/'

t.test('the reference and all that it loads come from the service, by relative addresses', async (t) => {
  const { send } = await startHTTP(t)
  const page = await send({ method: 'GET', path: PAGE })
  t.match(page, { status: 200, headers: { 'content-type': /^text\/html/ } })
  const loaded = [...page.text.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, target = '']) => target)
  t.ok(loaded.length >= 5, 'it loads scripts and styles')
  for (const target of loaded) {
    t.match(target, /^\.\//)
    const { pathname } = new URL(target, `http://service${PAGE}`)
    t.equal((await send({ method: 'GET', path: pathname })).status, 200, target)
  }
})

t.test('every other address of the page leads to it, below whatever path', async (t) => {
  const { send } = await startHTTP(t)
  for (const path of ['/docs', '/docs?x=y', '/docs/?x=y', '/docs/static/index.html', '/docs/static/index.html?x']) {
    const { status, headers } = await send({ method: 'GET', path })
    t.equal(status, 302, path)
    t.equal(new URL(headers.location ?? '', `http://proxy/below${path}`).href, 'http://proxy/below/docs/', path)
  }
})

t.test('the reference needs no rule of its Content-Security-Policy loosened', async (t) => {
  const { send } = await startHTTP(t)
  const { text, headers } = await send({ method: 'GET', path: PAGE })
  t.notMatch(text, /<script(?![^>]* src=)|<style|style=|\son\w+=|javascript:/i, 'nothing inline')
  const policy = headers['content-security-policy'] ?? ''
  t.match(policy, /default-src 'self'.*frame-ancestors 'none'/)
  t.notMatch(policy, /unsafe|https?:|\*/)
})

t.test('the reference shows what /openapi.json says', async (t) => {
  const { send } = await startHTTP(t)
  const [shown, said] = await Promise.all(['/docs/json', '/openapi.json'].map((path) => send({ method: 'GET', path })))
  t.same({ ...shown?.body, servers: said?.body.servers }, said?.body)
})

t.test('each description says where the service is, from where it is read', async (t) => {
  const { send } = await startHTTP(t)
  for (const path of ['/docs/json', '/openapi.json']) {
    const { servers } = (await send({ method: 'GET', path })).body
    const [server] = Array.isArray(servers) ? servers : []
    t.equal(new URL(server.url, `http://proxy/below${path}`).href, 'http://proxy/below/', path)
  }
  const yaml = await send({ method: 'GET', path: '/docs/yaml' })
  t.match(yaml.text, /servers:\n\s+- url: "?\.\."?\n/)
})

t.test('nothing else is served below /docs', async (t) => {
  const { send } = await startHTTP(t)
  for (const path of ['/docs/static/nothing', '/docs/static/%2e%2e/package.json', '/docs/static/..%2fpackage.json'])
    isProblem(t, await send({ method: 'GET', path }), 'ROUTE_NOT_FOUND', undefined, path)
  isProblem(t, await send({ method: 'PUT', path: '/docs' }), 'METHOD_NOT_ALLOWED')
})
