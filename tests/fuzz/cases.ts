import fc from 'fast-check'
import type { Operation } from './document.ts'
import type { Message } from './message.ts'
import { bodyOf } from './random-bodies.ts'
import { headersOf } from './random-headers.ts'
import { segmentsOf, strangePath } from './random-paths.ts'
import { queryOf, strangeQuery } from './random-queries.ts'
import { isObject } from './schema.ts'
import { user } from './texts.ts'
import type { IssuedIDs } from './transaction-ids.ts'

/*
 * Requests that are made from the OpenAPI document: as it says, or with one thing wrong with them, or with anything.
 */

export interface Case {
  /** What was done to the request. */
  readonly kind: Kind
  readonly message: Message
}

export const KINDS = [
  'as documented',
  'a value',
  'a member',
  'the text',
  'the query',
  'a header',
  'a path parameter',
  'the path',
  'the method',
  'the media type',
  'all at once',
] as const
export type Kind = (typeof KINDS)[number]

const JSON_TYPE = 'application/json'

const METHODS = [
  'GET',
  'PUT',
  'POST',
  'DELETE',
  'PATCH',
  'HEAD',
  'OPTIONS',
  'TRACE',
  'PROPFIND',
  'LOCK',
  'SEARCH',
  'PURGE',
]

const strangeType = fc.constantFrom(
  ...[undefined, 'text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x', 'text/json'],
  ...[
    'application/jsonp',
    'application/json-patch+json',
    'application/*',
    '*/*',
    'json',
    ';',
    '/',
    'application/ json',
  ],
  ...['application/json, text/plain', 'application/json text/plain', '__proto__', "'", 'application/octet-stream'],
  ...['APPLICATION/JSON', 'application/json; charset=utf-16', 'application/json;charset="', 'application/json ; x=y'],
)

const strangeEncoding = fc.constantFrom(
  ...[undefined, undefined, 'identity', 'Identity', 'gzip', 'br', 'identity, gzip', 'utf-8', '*', '__proto__'],
)

/** Valid requests with `kind` done to them, of every operation. */
export function casesOf(operations: readonly Operation[], ids: IssuedIDs): fc.Arbitrary<Case> {
  return fc.oneof(
    ...operations.flatMap((operation) =>
      kindsOf(operation).map((kind) => ({
        weight: kind === 'as documented' || kind === 'a value' ? 3 : 1,
        arbitrary: messages(operation, kind, ids).map((message) => ({ kind, message })),
      })),
    ),
  )
}

/** Only what an operation has can be wrong with it. */
function kindsOf({ body, parameters }: Operation): readonly Kind[] {
  const ofFields = isObject(body) ? [] : ['a value']
  const ofBody = body === undefined ? ['a member', 'the text', 'the media type'] : []
  const has = (where: string) => parameters.some((parameter) => parameter.in === where)
  const ofHeaders = has('header') ? [] : ['a header']
  const ofPath = has('path') || body === undefined ? [] : ['a path parameter']
  return KINDS.filter((kind) => ![...ofFields, ...ofBody, ...ofHeaders, ...ofPath].includes(kind))
}

function messages(operation: Operation, kind: Kind, ids: IssuedIDs): fc.Arbitrary<Message> {
  const does = (...kinds: Kind[]) => kind === 'all at once' || kinds.includes(kind)
  return fc
    .record({
      user,
      segments: segmentsOf(operation, ids, does('a path parameter')),
      reshape: does('the path') ? strangePath : fc.constant(asItIs),
      query: does('the query') ? strangeQuery(operation) : queryOf(operation),
      method: does('the method') ? fc.constantFrom(...METHODS) : methodOf(operation),
      contentType: does('the media type') ? strangeType : fc.constant(operation.body && JSON_TYPE),
      contentEncoding: does('the media type') ? strangeEncoding : fc.constant(undefined),
      headers: headersOf(operation, does('a header')),
      body: bodyOf(operation, ids, { values: does('a value'), members: does('a member'), text: does('the text') }),
    })
    .map(({ user, segments, reshape, query, method, contentType, contentEncoding, headers, body }) => {
      const path = operation.path.replaceAll(/\{(\w+)\}/g, (_all, name: string) => segments[name]?.(user) ?? '')
      return { method, target: reshape(path) + query, contentType, contentEncoding, headers, body: body(user) }
    })
}

function asItIs(text: string): string {
  return text
}

/** Whatever answers GET answers HEAD. */
function methodOf({ method }: Operation): fc.Arbitrary<string> {
  return method === 'GET' ? fc.constantFrom('GET', 'GET', 'GET', 'HEAD') : fc.constant(method)
}
