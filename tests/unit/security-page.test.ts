import { existsSync, readFileSync } from 'node:fs'
import t from 'tap'
import { CHECKS } from '../../audit/checks.ts'
import { HTTP_BOUNDS } from '../../src/adapters/fastify/bounds.ts'
import { LIVE_BOUNDS } from '../../src/app/bounds.ts'
import { TIMEOUTS_MS } from '../../src/timeouts.ts'

const PAGE = readFileSync('docs/security.md', 'utf8')
const KIB = 1024
const SUITES = 'unit|http|cli|integration|process|fault|fuzz'

t.test('every test that docs/security.md names is there', (t) => {
  const named = [...PAGE.matchAll(new RegExp(`\`((?:${SUITES})/[\\w-]+)\``, 'g'))].map(([, name]) => name)
  t.ok(named.length > 20)
  t.same(
    named.filter((name) => !existsSync(`tests/${name}.test.ts`)),
    [],
  )
  t.end()
})

t.test('docs/security.md says what each of the auditor’s checks finds', (t) => {
  t.same(
    CHECKS.filter(({ name }) => !new RegExp(`^\\|[^|]*\`${name}\``, 'm').test(PAGE)),
    [],
  )
  t.end()
})

t.test('the bounds in docs/security.md are those of the service', (t) => {
  const { connections, headBytes, bodyBytes, listBytes } = HTTP_BOUNDS
  const { httpRequest, httpConnection, httpKeepAlive, request } = TIMEOUTS_MS
  for (const row of [
    `| connections of an instance | ${connections.toLocaleString('en').replace(',', ' ')} |`,
    `| ${headBytes / KIB} KiB; ${bodyBytes / KIB} KiB; ${listBytes / KIB} KiB and 1000 items |`,
    `| a request from its first to its last byte | ${httpRequest / 1000} s |`,
    `| ${httpConnection / 1000} s, ${httpKeepAlive / 1000} s |`,
    `| how long a request waits for its answer | ${request / 1000} s |`,
    `| ${LIVE_BOUNDS.followersOfAUser} a user, ${LIVE_BOUNDS.followers} in all,`,
  ])
    t.ok(PAGE.includes(row), row)
  t.end()
})
