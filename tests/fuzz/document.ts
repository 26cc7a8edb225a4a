import { type Static, Type } from '@sinclair/typebox'
import { Value } from '@sinclair/typebox/value'
import { Ajv2020 } from 'ajv/dist/2020.js'
import type { Answer } from '../support/http/http.ts'

/*
 * The OpenAPI document as a client reads it: what can be asked, and what every answer must look like.
 */

const Schema = Type.Record(Type.String(), Type.Unknown())
const Content = Type.Record(Type.String(), Type.Object({ schema: Schema }))
const ParameterSchema = Type.Object({
  in: Type.Union([Type.Literal('path'), Type.Literal('query'), Type.Literal('header')]),
  name: Type.String(),
  schema: Schema,
})
const OperationSchema = Type.Object({
  operationId: Type.String(),
  parameters: Type.Optional(Type.Array(ParameterSchema)),
  requestBody: Type.Optional(
    Type.Object({ content: Type.Object({ 'application/json': Type.Object({ schema: Schema }) }) }),
  ),
  // Without content where there is no body.
  responses: Type.Record(Type.String(), Type.Object({ content: Type.Optional(Content) })),
})
const DocumentSchema = Type.Object({
  paths: Type.Record(Type.String(), Type.Record(Type.String(), OperationSchema)),
  components: Type.Object({ schemas: Type.Record(Type.String(), Schema) }),
})

export type JSONSchema = Static<typeof Schema>

export interface Operation {
  /** Upper case. */
  readonly method: string
  /** As `/api/v1/users/{userID}/wallet`. */
  readonly path: string
  readonly id: string
  readonly parameters: readonly Static<typeof ParameterSchema>[]
  readonly body: JSONSchema | undefined
  /** What the document has against this answer; `undefined` if nothing. */
  complaint(answer: Answer): string | undefined
}

/** Without those that answer for as long as someone listens: tests/http/events.test.ts sends them. */
export function readOperations(document: unknown): readonly Operation[] {
  const ajv = new Ajv2020({ strict: false })
  const { paths, components } = Value.Parse(DocumentSchema, document)
  return Object.entries(paths).flatMap(([path, methods]) =>
    withAnEnd(methods).map(([method, { operationId, parameters = [], requestBody, responses }]): Operation => {
      const answers = new Map(
        Object.entries(responses).flatMap(([status, { content = {} }]) =>
          // References are to the components of the document that they stand in.
          Object.entries(content).map(([mediaType, { schema }]) => [
            `${status} ${mediaType}`,
            ajv.compile({ ...schema, components }),
          ]),
        ),
      )
      return {
        ...{ method: method.toUpperCase(), path, id: operationId, parameters },
        body: requestBody && whole(requestBody.content['application/json'].schema, components.schemas),
        complaint({ status, headers, body, raw }) {
          if (responses[status] !== undefined && responses[status].content === undefined)
            return raw.length === 0 ? undefined : `a ${status} has a body`
          const mediaType = headers['content-type']?.split(';')[0]
          const validate = answers.get(`${status} ${mediaType}`)
          if (validate === undefined) return `${operationId} documents no ${status} as ${mediaType}`
          return validate(body) ? undefined : `the body is not as documented: ${ajv.errorsText(validate.errors)}`
        },
      }
    }),
  )
}

const EVENT_STREAM = 'text/event-stream'

function withAnEnd<Documented extends Static<typeof OperationSchema>>(
  methods: Readonly<Record<string, Documented>>,
): [string, Documented][] {
  return Object.entries(methods).filter(([, { responses }]) => responses[200]?.content?.[EVENT_STREAM] === undefined)
}

/** A schema with those that it refers to in their places. */
function whole(schema: JSONSchema, components: Readonly<Record<string, JSONSchema>>): JSONSchema {
  const text = JSON.stringify(schema, (_key, value) => {
    const name = /^#\/components\/schemas\/(.+)$/.exec(String(value?.$ref))?.[1]
    return name === undefined ? value : components[name]
  })
  return JSON.parse(text)
}
