import swagger from '@fastify/swagger'
import type { App } from '../app.ts'
import { PROBLEM_CODES, PROBLEMS, RETRY_AFTER_S } from '../wire/problem.ts'
import { REQUEST_ID_EXAMPLE } from './examples.ts'

/*
 * The OpenAPI document: made from the routes' schemas when it is first asked for, and kept. What the package that makes
 * it cannot say is put in afterwards: each titled schema once, the headers that every answer has, bodies that may be left out,
 * and a relative address of the service.
 */

const OVERVIEW = `One wallet per user, money as integers, and writes that happen once however often they are sent.

## How never to pay twice

1. Ask for a transaction ID, and keep it with what you are about to do, before you do it.
2. Send the write with it. **200**: done. \`Idempotent-Replayed: true\` beside it says that it was done before.
3. **503**, or no answer at all: send the very same request again, with the same ID, until another answer comes.
4. **422** is final for this ID: it was not executed and never will be. **400**: correct the request, the ID is still good.
5. An unused ID expires (\`expiresAt\`); one that was used keeps its outcome for ever. Three codes of 422 say nothing of the time before:
   \`TRANSACTION_ID_RETIRED\`, since the ledger was restored; \`TRANSACTION_ID_UNKNOWN\`, if the key that signed the ID was taken away; and
   \`TRANSACTION_ID_REUSED\`, since a request with other contents had this ID. Look what was executed before you ask for a new ID.

A transaction ID has one outcome, for ever: the same request with it is answered with the same bytes, any other request
with it is refused (\`TRANSACTION_ID_REUSED\`). An ID belongs to the user it was issued to.

## Many at once

\`PUT /api/v1/transactions\` takes up to 1000 movements of any users. Each happens once under its ID, as if it had been sent alone;
with \`atomic\` all of them are executed, or none that is new.

## Money, users, times

Amounts and balances are integers in base units, 1000000 = 1 dollar, up to 9007199254740991 (2^53 − 1), so that every
JSON client reads them exactly. User IDs are percent-encoded in the path. Times are RFC 3339 in UTC with microseconds.
Nothing is coerced and nothing unknown is dropped: a field or parameter that is not listed here is an error.

## Problems

Errors are \`application/problem+json\` (RFC 9457); programs go by \`code\`. If several apply, the answer is the first in
this order, save that a stored outcome comes before \`TRANSACTION_ID_RETIRED\` and
\`TRANSACTION_ID_EXPIRED\`. An unknown path is 404
\`ROUTE_NOT_FOUND\`; any other method on a known path is 405 \`METHOD_NOT_ALLOWED\`, with \`Allow\`. HEAD answers as GET does.

| code | status | |
| --- | --- | --- |
${PROBLEM_CODES.map((code) => `| \`${code}\` | ${PROBLEMS[code].status} | ${PROBLEMS[code].detail} |`).join('\n')}
`

const TAGS = [
  { name: 'Wallets', description: 'One per user; opened once, and frozen or closed by administrators' },
  { name: 'Transaction IDs', description: 'What makes a write safe to repeat' },
  { name: 'Movements', description: 'Money in, out, and across' },
  { name: 'History', description: "A wallet's transactions, newest first" },
  { name: 'Feed', description: 'The transactions of all wallets, oldest first; for administrators' },
  { name: 'Operations', description: 'For those who run the service' },
]

const REQUIRED_HEADERS = {
  'X-Request-ID': {
    description: 'Names this request, in the log too',
    required: true,
    schema: { type: 'string' },
    example: REQUEST_ID_EXAMPLE,
  },
  'Retry-After': {
    description: 'Send the same request again after so many seconds',
    required: true,
    schema: { type: 'integer', minimum: 0 },
    example: RETRY_AFTER_S,
  },
  'WWW-Authenticate': {
    description: 'What is wanted of the token (RFC 6750)',
    required: true,
    schema: { type: 'string', pattern: '^Bearer' },
    example: 'Bearer',
  },
}

/** Those of an answer beside the one that every answer has. */
const HEADERS_BY_STATUS: Readonly<Record<string, keyof typeof REQUIRED_HEADERS>> = {
  401: 'WWW-Authenticate',
  403: 'WWW-Authenticate',
  429: 'Retry-After',
  503: 'Retry-After',
}

const SECURITY_SCHEMES = {
  bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT', description: 'An access token' },
} as const

const THIS_SERVICE = 'The service that this document comes from'

/**
 * Relative to where the document is read (OpenAPI 3.1, 4.8.5), so that it is right below a path of a proxy, too:
 * `/openapi.json`, and `/docs/json` for the reference.
 */
export const SERVER_OF = {
  document: { url: '.', description: THIS_SERVICE },
  reference: { url: '..', description: THIS_SERVICE },
} as const

interface Description {
  readonly version: string
  /** Whether callers are told apart by their tokens. */
  readonly authenticated: boolean
}

/** Describes every route that is added from here on; `app.swagger()` says it all. */
export async function describeAPI(app: App, { version, authenticated }: Description): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Wallet service',
        summary: 'One wallet per user, integer money, idempotent writes',
        version,
        description: OVERVIEW,
        license: { name: 'Proprietary', identifier: 'LicenseRef-Proprietary' },
      },
      tags: TAGS,
      ...(authenticated && { components: { securitySchemes: SECURITY_SCHEMES } }),
      security: authenticated ? [{ bearer: [] }] : [],
    },
    transform: ({ schema, url, route }) => ({
      url,
      schema: authenticated && route.config?.access === 'open' ? { ...schema, security: [] } : schema,
    }),
    transformObject: (document) => ('openapiObject' in document ? complete(document.openapiObject) : {}),
  })
}

type JSONObject = Record<string, unknown>

function complete(document: object): object {
  const schemas: JSONObject = {}
  const { paths: written, components } = toObject(document)
  const paths = named(written, schemas)
  for (const operation of objectsIn(paths).flatMap(objectsIn)) {
    for (const [status, response] of Object.entries(toObject(operation.responses)))
      addHeaders(status, toObject(response))
    mendBody(toObject(operation.requestBody))
  }
  return {
    ...document,
    servers: [SERVER_OF.document],
    paths,
    components: { ...toObject(components), schemas, headers: REQUIRED_HEADERS },
  }
}

/** The same with each titled schema replaced by a reference, and kept in `schemas` under its title. */
function named(value: unknown, schemas: JSONObject): unknown {
  if (Array.isArray(value)) return value.map((each) => named(each, schemas))
  if (typeof value !== 'object' || value === null) return value
  const copy = Object.fromEntries(
    Object.entries(value).map(([key, each]) => [key, key === 'examples' ? each : named(each, schemas)]),
  )
  if (copy.type !== 'object' || typeof copy.title !== 'string') return copy
  const { title, ...schema } = copy
  schemas[copy.title] = schema
  return { $ref: `#/components/schemas/${title}` }
}

function addHeaders(status: string, response: JSONObject): void {
  const names = ['X-Request-ID', ...[HEADERS_BY_STATUS[status] ?? []].flat()]
  response.headers = {
    ...Object.fromEntries(names.map((name) => [name, { $ref: `#/components/headers/${name}` }])),
    ...toObject(response.headers),
  }
}

/** A body that may be null for its validator is one that may be left out. */
function mendBody(body: JSONObject): void {
  const media = objectsIn(body.content).map(({ schema }) => toObject(schema))
  for (const schema of media.filter(({ type }) => Array.isArray(type) && type.includes('null'))) {
    schema.type = 'object'
    body.required = false
  }
}

function objectsIn(value: unknown): JSONObject[] {
  return Object.values(toObject(value)).map(toObject)
}

function toObject(value: unknown): JSONObject {
  return typeof value === 'object' && value !== null ? (value as JSONObject) : {}
}
