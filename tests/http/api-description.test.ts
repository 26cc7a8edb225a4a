import t from 'tap'
import { readAPIDocument } from '../support/http/api-document.ts'
import { startAPIWorld } from '../support/http/api-world.ts'
import type { Answer } from '../support/http/http.ts'
import { contentOf, createAnswerChecker } from './documented-answers.ts'
import { deposited, exampleCall, fresh, openBoth, PROVOKE, type Shown, transferred } from './provoked-answers.ts'

/*
 * Sends what the API description shows, as it shows it, and compares each answer with what the description says: every
 * answer that it has an example of is brought about, on every route.
 */

const document = await readAPIDocument()
const MOVEMENTS = ['deposit', 'withdraw', 'transfer']
const complaints = createAnswerChecker(document)

const operations: readonly Shown[] = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
)

/** What differs from one run to the next. */
function withoutChance(body: unknown): unknown {
  return JSON.parse(
    JSON.stringify(body)
      .replace(/[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}/g, '<transaction ID>')
      .replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z/g, '<time>')
      .replace(/"instance":"[^"]+"/g, '"instance":"<request>"')
      .replace(/"next":"[^"]+"/g, '"next":"<cursor>"'),
  )
}

t.test('every example is the real answer, and every answer is as the description says', async (t) => {
  const world = await startAPIWorld(t)
  let seen = 0
  for (const shown of operations) {
    const { path, method, operation } = shown
    for (const [status, { content = {} }] of Object.entries(operation.responses)) {
      for (const { examples } of Object.values(content)) {
        t.not(Object.keys(examples).length, 0, `${operation.operationId} ${status} has examples`)
        for (const [name, { value }] of Object.entries(examples)) {
          const what = `${operation.operationId} ${status} ${name}`
          world.renew()
          const answer = await PROVOKE[name]?.(world, shown)
          if (answer === undefined) throw new Error(`no one knows how to bring about: ${what}`)
          t.equal(String(answer.status), status, what)
          t.strictSame(complaints(path, method, answer), [], `${what}: as described`)
          t.strictSame(withoutChance(contentOf(answer)), withoutChance(value), `${what}: the example`)
          seen += 1
        }
      }
    }
  }
  t.comment(`${seen} answers of ${operations.length} operations`)
})

t.test('a repeated movement is as the description says, executed or refused', async (t) => {
  const world = await startAPIWorld(t)
  for (const shown of operations.filter(({ operation }) => MOVEMENTS.includes(operation.operationId))) {
    for (const prepare of [deposited, openBoth]) {
      world.renew()
      await prepare(world)
      const call = await fresh(world, shown)
      const first = await world.send(call)
      const again = await world.send(call)
      t.equal(again.headers['idempotent-replayed'], 'true', shown.operation.operationId)
      t.strictSame(again.raw, first.raw)
      t.strictSame(complaints(shown.path, shown.method, again), [])
    }
  }
})

t.test('every parameter of a query is taken as its example shows it', async (t) => {
  const world = await startAPIWorld(t)
  await transferred(world)
  world.advance()
  let sent = 0
  for (const shown of operations) {
    const call = exampleCall(shown)
    for (const { name, example } of shown.operation.parameters?.filter((each) => each.in === 'query') ?? []) {
      const query = new URLSearchParams([example].flat().map((value): [string, string] => [name, String(value)]))
      const [path, whole = ''] = call.path.split('?')
      for (const [name, value] of new URLSearchParams(whole)) query.set(name, value)
      const answer = await world.send({ ...call, path: `${path}?${query}` })
      t.equal(answer.status, 200, `${query}`)
      t.strictSame(complaints(shown.path, shown.method, answer), [])
      sent += 1
    }
  }
  t.equal(sent, 15)
})

t.test('what the description does not say is found', async (t) => {
  const path = '/api/v1/users/{userID}/wallet'
  const world = await startAPIWorld(t)
  const right = await world.send({ method: 'PUT', path: '/api/v1/users/ann/wallet' })
  t.strictSame(complaints(path, 'put', right), [])
  const wrong: readonly Partial<Answer>[] = [
    { status: 202 },
    { headers: { ...right.headers, 'content-type': 'text/plain' } },
    { headers: { ...right.headers, 'x-request-id': undefined } },
    { headers: { ...right.headers, 'x-more': '1' } },
    { body: { ...right.body, more: 1 } },
    { body: { ...right.body, balance: '0' } },
    { body: {} },
  ]
  for (const part of wrong) t.ok(complaints(path, 'put', { ...right, ...part }).length > 0, JSON.stringify(part))
})
