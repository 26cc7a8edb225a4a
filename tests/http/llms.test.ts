import { readFile } from 'node:fs/promises'
import t from 'tap'
import { PROBLEM_CODES, PROBLEMS } from '../../src/adapters/fastify/wire/problem.ts'
import { readAPIDocument } from '../support/http/api-document.ts'
import { startHTTP } from '../support/http/http.ts'

const MAX_BYTES = 8192

t.test('llms.txt has every route and every problem code with its status, and none that is not there', async (t) => {
  const text = await readFile('llms.txt', 'utf8')
  const { paths } = await readAPIDocument()
  const documented = Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
  )
  const named = [...text.matchAll(/`((?:GET|PUT|POST) [^`?]+)`/g)].map(([, route]) => route)
  t.strictSame([...new Set(named)].sort(), documented.sort())
  const codes = [...text.matchAll(/`([A-Z]+(?:_[A-Z]+)*)` (\d{3})/g)].map(([, code, status]) => `${code} ${status}`)
  t.strictSame(codes.sort(), PROBLEM_CODES.map((code) => `${code} ${PROBLEMS[code].status}`).sort())
})

t.test('the service serves llms.txt, a page in the form that readers of such files know', async (t) => {
  const { send } = await startHTTP(t)
  const { text, headers } = await send({ method: 'GET', path: '/llms.txt' })
  t.equal(headers['content-type'], 'text/plain; charset=utf-8')
  t.match(text, /^# .+\n\n> .+/)
  t.ok(Buffer.byteLength(text) <= MAX_BYTES, `${Buffer.byteLength(text)} bytes`)
})
