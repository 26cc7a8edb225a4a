import type { TObject } from '@sinclair/typebox'
import { mustBe } from '../wire/expected.ts'
import {
  bodyTooLarge,
  type Particulars,
  PROBLEM_MEDIA_TYPE,
  PROBLEMS,
  type ProblemCode,
  problemBody,
} from '../wire/problem.ts'
import { IDENTITY } from '../wire/request-body.ts'
import { ANSWER_EXAMPLES, type AnswerExample, REQUEST_ID_EXAMPLE } from './examples.ts'
import { ProblemSchema, UserIDSchema } from './schemas.ts'

/** Headers that an answer may have beside those that every answer has. */
const HEADERS = {
  'idempotent-replayed': {
    type: 'string',
    enum: ['true'],
    description: 'There when an earlier request with this transaction ID had this outcome already',
  },
  'accept-encoding': {
    type: 'string',
    enum: [IDENTITY],
    description: 'There when the Content-Encoding of the body was the reason',
  },
  etag: {
    type: 'string',
    description: 'The version in quotes, for If-None-Match and If-Match; there while the wallet is open',
  },
  link: { type: 'string', description: 'The next page, relative to this one: <?…>; rel="next"' },
} as const

interface Documented {
  readonly description: string
  readonly examples: readonly AnswerExample[]
  readonly headers?: readonly (keyof typeof HEADERS)[]
}

/** A schema that an answer is written by, with what the API description says of this answer. */
export function documented<Schema extends TObject>(schema: Schema, answer: Documented): Schema {
  const { description, examples, headers = [] } = answer
  return {
    ...schema,
    'x-response-description': description,
    'x-examples': Object.fromEntries(examples.map((name) => [name, { value: ANSWER_EXAMPLES[name] }])),
    ...(headers.length > 0 && { headers: pickHeaders(headers) }),
  }
}

/** An answer of which the headers say all. */
export function withoutBody(description: string, headers: readonly (keyof typeof HEADERS)[]) {
  return { type: 'null', description, headers: pickHeaders(headers) } as const
}

/** What every route of the API may answer with: anyone who does not own a wallet is told on any of them that there is none. */
const COMMON_PROBLEMS: readonly ProblemCode[] = [
  'UNAUTHENTICATED',
  'TOO_MANY_REQUESTS',
  'AUTHENTICATION_UNAVAILABLE',
  'BODY_TOO_LARGE',
  'INVALID_REQUEST',
  'WALLET_NOT_FOUND',
  'DATABASE_UNAVAILABLE',
  'INTERNAL',
]

const INVALID_USER_ID: Particulars = {
  errors: [{ path: '/userID', message: mustBe(UserIDSchema) }],
}

interface ProblemOptions {
  /** What the example of INVALID_REQUEST says; if it is left out, that the user ID is none. */
  readonly invalid?: Particulars
  /** Of the body; left out, that of most routes. */
  readonly bodyBytes?: number
  /** The route is about no one wallet that could be missing. */
  readonly ofNoWallet?: true
  /** Whether a refusal may be a stored one. */
  readonly replayable?: boolean
}

/** The problems of a route of the API by their status, as its responses; `codes` are those that not every route has. */
export function problemResponses(codes: readonly ProblemCode[], options: ProblemOptions = {}) {
  const common = COMMON_PROBLEMS.filter((code) => code !== 'WALLET_NOT_FOUND' || options.ofNoWallet !== true)
  return responsesOf([...common, ...codes], options)
}

/** The problems of a route by their status; `codes` are all that it has. */
export function responsesOf(codes: readonly ProblemCode[], options: ProblemOptions) {
  const { invalid = INVALID_USER_ID, bodyBytes, replayable = false } = options
  const particulars: Partial<Record<ProblemCode, Particulars>> = {
    INVALID_REQUEST: invalid,
    ...(bodyBytes !== undefined && { BODY_TOO_LARGE: bodyTooLarge(bodyBytes) }),
  }
  const byStatus = new Map<number, ProblemCode[]>()
  for (const code of codes) {
    const { status } = PROBLEMS[code]
    byStatus.set(status, [...(byStatus.get(status) ?? []), code])
  }
  return Object.fromEntries(
    [...byStatus].map(([status, those]) => [
      status,
      {
        description: those.map((code) => `${code}: ${PROBLEMS[code].detail}`).join('\n\n'),
        ...(status === 415 && { headers: pickHeaders(['accept-encoding']) }),
        ...((status === 422 || status === 412) && replayable && { headers: pickHeaders(['idempotent-replayed']) }),
        content: {
          [PROBLEM_MEDIA_TYPE]: {
            schema: { allOf: [ProblemSchema, { properties: { status: { const: status }, code: { enum: those } } }] },
            examples: Object.fromEntries(those.map((code) => [code, { value: exampleOf(code, particulars[code]) }])),
          },
        },
      },
    ]),
  )
}

function exampleOf(code: ProblemCode, particulars: Particulars | undefined): unknown {
  return JSON.parse(problemBody(code, REQUEST_ID_EXAMPLE, particulars))
}

function pickHeaders(names: readonly (keyof typeof HEADERS)[]) {
  return Object.fromEntries(names.map((name) => [name, HEADERS[name]]))
}
