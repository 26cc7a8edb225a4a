import { Ajv2020 } from 'ajv/dist/2020.js'
import { parseInstant } from '../../src/domain/rfc3339.ts'
import type { APIDocument, DocumentedResponse } from '../support/http/api-document.ts'
import type { Answer } from '../support/http/http.ts'

/** In answers to anything: of HTTP itself, and what tells browsers and caches to keep their hands off. */
const UNDOCUMENTED_HEADERS = [
  ...['content-type', 'content-length', 'date', 'connection', 'keep-alive'],
  ...['cache-control', 'x-content-type-options', 'transfer-encoding', 'x-accel-buffering'],
]

/** Where something stands in the document: a JSON pointer as a URI's fragment. */
function pointer(...keys: readonly string[]): string {
  return keys.map((key) => `/${encodeURIComponent(key.replaceAll('~', '~0').replaceAll('/', '~1'))}`).join('')
}

/** The same with objects that hold what they name and nothing else. */
function closed(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(closed)
  if (typeof schema !== 'object' || schema === null) return schema
  const copy = Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, closed(value)]))
  return copy.type === 'object' ? { additionalProperties: false, ...copy } : copy
}

/** What an answer says: an object, or text. */
export function contentOf({ headers, body, text }: Answer): unknown {
  return headers['content-type'] === 'text/event-stream' ? text : body
}

/** Says how an answer differs from what the document says of it: its status, headers, media type and body. */
export function createAnswerChecker(document: APIDocument) {
  const ajv = new Ajv2020({
    strict: false,
    allErrors: true,
    formats: { rfc3339: (text: string) => parseInstant(text) !== undefined },
  })
  const whole = { ...document, components: closed(document.components) }
  ajv.addSchema(whole, 'openapi.json')

  function complaintsOfValue(value: unknown, schema: object, what: string): string[] {
    if (ajv.validate(schema, value)) return []
    return (ajv.errors ?? []).map(({ instancePath, message }) => `${what}${instancePath} ${message}`)
  }

  function complaintsOfHeaders(headers: Answer['headers'], documented: DocumentedResponse['headers']): string[] {
    const names = Object.keys(documented).map((name) => name.toLowerCase())
    const more = Object.keys(headers).filter((name) => !names.includes(name) && !UNDOCUMENTED_HEADERS.includes(name))
    return [
      ...more.map((name) => `header ${name} is not documented`),
      ...Object.entries(documented).flatMap(([name, { $ref, schema }]) => {
        const value = headers[name.toLowerCase()]
        if (value === undefined) return $ref === undefined ? [] : [`header ${name} is missing`]
        const asWritten = /^\d+$/.test(value) ? Number(value) : value
        return complaintsOfValue(asWritten, schema ?? { $ref: `openapi.json${$ref}/schema` }, `header ${name}`)
      }),
    ]
  }

  return function complaints(path: string, method: string, answer: Answer): string[] {
    const documented = document.paths[path]?.[method]?.responses[String(answer.status)]
    if (documented === undefined) return [`status ${answer.status} is not documented: ${answer.text}`]
    if (documented.content === undefined)
      return [
        ...complaintsOfHeaders(answer.headers, documented.headers),
        ...(answer.text === '' ? [] : ['there is a body']),
      ]
    const media = answer.headers['content-type']?.split(';')[0] ?? ''
    if (!(media in documented.content)) return [`media type ${media} is not documented`]
    const keys = ['paths', path, method, 'responses', String(answer.status), 'content', media, 'schema']
    return [
      ...complaintsOfHeaders(answer.headers, documented.headers),
      ...complaintsOfValue(contentOf(answer), { $ref: `openapi.json#${pointer(...keys)}` }, 'body'),
    ]
  }
}
