import { createConfig, lintFromString } from '@redocly/openapi-core'
import t from 'tap'
import { startHTTP } from '../support/http/http.ts'

/** Redocly's own, with every warning an error. Its library, not its command: that one would call home. */
const RULES = 'recommended-strict'

const authenticate = async () => ({ kind: 'unavailable' }) as const

t.test(`the API description passes Redocly's rules, ${RULES}, none left out`, async (t) => {
  const get = { method: 'GET', path: '/openapi.json' }
  const { text } = await (await startHTTP(t)).send(get)
  const guarded = await (await startHTTP(t, { authenticate })).send(get)
  const config = await createConfig({ extends: [RULES] })
  const complaints = async (source: string) => {
    const found = await lintFromString({ source, absoluteRef: 'openapi.json', config })
    return found.map(({ ruleId, message, location }) => `${ruleId}: ${message} at ${location[0]?.pointer}`)
  }
  t.strictSame(await complaints(text), [])
  t.strictSame(await complaints(guarded.text), [], 'where tokens are checked')
  const broken = await complaints(text.replace('"operationId":"deposit",', ''))
  t.match(broken, [/^operation-operationId: /], 'and the rules are at work')
})
