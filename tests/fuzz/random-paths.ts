import fc from 'fast-check'
import type { Operation } from './document.ts'
import { transactionID, type Value } from './random-ids.ts'
import { doubleEncoding, encode, encoding, strangeSegment, wrongUser } from './texts.ts'
import type { IssuedIDs } from './transaction-ids.ts'

export type Reshape = (path: string) => string

export function segmentsOf(
  { parameters }: Operation,
  ids: IssuedIDs,
  wrong: boolean,
): fc.Arbitrary<Readonly<Record<string, Value>>> {
  const inPath = parameters.filter((parameter) => parameter.in === 'path')
  return fc.record(
    Object.fromEntries(inPath.map(({ name }) => [name, wrong ? strangeParameter : parameter(name, ids)])),
  )
}

const strangeParameter: fc.Arbitrary<Value> = fc.oneof(
  strangeSegment.map((segment) => () => segment),
  wrongUser.map((text) => () => encode(text, /\w/)),
  fc.constant(doubleEncoding),
)

function parameter(name: string, ids: IssuedIDs): fc.Arbitrary<Value> {
  switch (name) {
    case 'userID':
      return encoding.map((encode) => (userID) => encode(userID))
    case 'transactionID':
      return transactionID(ids)
    default:
      throw new Error(`there is a new parameter in a path, and no text for it: ${name}`)
  }
}

export const strangePath: fc.Arbitrary<Reshape> = fc.constantFrom<Reshape[]>(
  (path) => `${path}/`,
  (path) => `/${path}`,
  (path) => `${path}/x`,
  (path) => `${path}/..`,
  (path) => path.replace('/wallet', '//wallet'),
  (path) => path.replace('/wallet', '%2Fwallet'),
  (path) => path.replace('/wallet', '/Wallet'),
  (path) => path.replace('/wallet', '/wallet;x=1'),
  (path) => path.replace('/wallet', '/%77allet'),
  (path) => path.replace('/users', '/%75%73ers'),
  (path) => path.replace('/users', '/users/../users'),
  (path) => path.replace('/users', '/%ZZ'),
  (path) => path.replace('/api/v1', ''),
  (path) => path.replace('/api', '/API'),
  (path) => path.replace('/api', '/.%2e/api'),
  (path) => path.slice(0, path.lastIndexOf('/')) || '/',
  () => '/livez',
  () => '/readyz',
  () => '/openapi.json',
  () => '/__proto__',
  () => '/%2e%2e%2fetc%2fpasswd',
)
