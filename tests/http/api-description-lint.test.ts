import { createConfig, lintFromString } from '@redocly/openapi-core'
import t from 'tap'
import { startHTTP } from '../support/http.ts'

/** Redocly's own, with every warning an error. Its library, not its command: that one would call home. */
const RULES = 'recommended-strict'

t.test(`the API description passes Redocly's rules, ${RULES}, none left out`, async (t) => {
  const { send } = await startHTTP(t)
  const { text } = await send({ method: 'GET', path: '/openapi.json' })
  const config = await createConfig({ extends: [RULES] })
  const complaints = async (source: string) => {
    const found = await lintFromString({ source, absoluteRef: 'openapi.json', config })
    return found.map(({ ruleId, message, location }) => `${ruleId}: ${message} at ${location[0]?.pointer}`)
  }
  t.strictSame(await complaints(text), [])
  const broken = await complaints(text.replace('"operationId":"deposit",', ''))
  t.match(broken, [/^operation-operationId: /], 'and the rules are at work')
})
