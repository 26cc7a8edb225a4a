import type { FastifySchemaValidationError } from 'fastify'
import { parseInstant } from '../../../domain/rfc3339.ts'
import type { FieldError } from './problem.ts'

/*
 * What is wrong with a request, in words. Each schema of a value that a client sends says what is expected beside its rule,
 * as the end of a sentence that begins with "must be"; here the sentence is finished.
 */

/** Not a keyword of JSON Schema: neither the validator nor the API description sees it. */
export const EXPECTED = Symbol('expected')

/** As a function: for the value that was sent, if that may have a remedy of its own. */
export type Expected = string | ((sent: unknown) => string)

/** What words are made of: the schema that a value did not meet. */
interface Rule {
  readonly [EXPECTED]?: Expected
  readonly type?: unknown
  readonly properties?: Readonly<Record<string, Rule>>
  readonly [keyword: string]: unknown
}

declare module 'fastify' {
  /** What the validator adds when it is told to be verbose. */
  interface FastifySchemaValidationError {
    readonly data?: unknown
    readonly parentSchema?: Rule
  }
}

/** How many things that are wrong with one request are told. */
export const MAX_TOLD = 16

const AND = new Intl.ListFormat('en-GB')

/** @param part of the request, as Fastify calls it: `body`, `querystring`, `params` */
export function fieldErrors(
  validation: readonly FastifySchemaValidationError[],
  part: string | undefined,
): readonly FieldError[] {
  const told = new Map<string, FieldError>()
  for (const error of validation) {
    if (told.size === MAX_TOLD) break
    const fieldError = inWords(error, part)
    // A value that breaks several rules of its schema is one mistake: the first says the most.
    if (!told.has(fieldError.path)) told.set(fieldError.path, fieldError)
  }
  return [...told.values()]
}

function inWords(error: FastifySchemaValidationError, part: string | undefined): FieldError {
  const { instancePath, keyword, params, parentSchema = {} } = error
  switch (keyword) {
    case 'required': {
      const name = String(params.missingProperty)
      return { path: below(instancePath, name), message: `is missing; it ${mustBe(parentSchema.properties?.[name])}` }
    }
    case 'additionalProperties': {
      const kind = part === 'querystring' ? 'parameter' : 'field'
      const known = Object.keys(parentSchema.properties ?? {})
      return {
        path: below(instancePath, String(params.additionalProperty)),
        message: `is unknown; ${listOf(kind, known)}`,
      }
    }
    default:
      return { path: instancePath, message: notMet(error, part) }
  }
}

function listOf(kind: string, [only, ...more]: readonly string[]): string {
  if (only === undefined) return `there are no ${kind}s here`
  return more.length === 0 ? `the only ${kind} is ${only}` : `the ${kind}s are ${AND.format([only, ...more])}`
}

function notMet(error: FastifySchemaValidationError, part: string | undefined): string {
  const { keyword, instancePath, data, parentSchema = {} } = error
  const words = mustBe(parentSchema, data)
  if (keyword !== 'type') return words
  if (part === 'body') return `${words}; ${nameOf(data, parentSchema, instancePath)} was sent`
  // What stands twice in a query is a list.
  return Array.isArray(data) ? `${words}, and given only once` : words
}

/** What a value must be that meets this schema; for the value that was sent, if there is one. */
export function mustBe({ [EXPECTED]: expected = 'as /openapi.json says' }: Rule = {}, sent?: unknown): string {
  return `must be ${typeof expected === 'string' ? expected : expected(sent)}`
}

function nameOf(json: unknown, { type }: Rule, path: string): string {
  // A body that is null was turned down before.
  if (json === null) return path === '' ? 'nothing' : 'null'
  if (Array.isArray(json)) return 'an array'
  if (type === 'integer' && typeof json === 'number') return 'a fraction'
  return typeof json === 'object' ? 'an object' : `a ${typeof json}`
}

/** RFC 6901. */
function below(path: string, name: string): string {
  return `${path}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`
}

/** What is expected of a query in which `sent` is no instant: the end of a sentence that begins with "must be". */
export function instantExpected(sent: unknown): string {
  const meant = typeof sent === 'string' ? sent.replace(' ', '+') : ''
  if (parseInstant(meant) !== undefined)
    return `${meant.replace('+', '%2B')}: a + in a query arrives as a blank, so send + as %2B`
  return 'an existing date and time with an offset and at most 9 decimals, such as 2026-11-25T16:45:43.5Z or 2026-11-25T18:45:43%2B02:00'
}
