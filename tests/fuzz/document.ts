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
  in: Type.Union([Type.Literal('path'), Type.Literal('query')]),
  name: Type.String(),
  schema: Schema,
})
const OperationSchema = Type.Object({
  operationId: Type.String(),
  parameters: Type.Optional(Type.Array(ParameterSchema)),
  requestBody: Type.Optional(
    Type.Object({ content: Type.Object({ 'application/json': Type.Object({ schema: Schema }) }) }),
  ),
  responses: Type.Record(Type.String(), Type.Object({ content: Content })),
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

export function readOperations(document: unknown): readonly Operation[] {
  const ajv = new Ajv2020({ strict: false })
  const { paths, components } = Value.Parse(DocumentSchema, document)
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { operationId, parameters = [], requestBody, responses }]): Operation => {
      const answers = new Map(
        Object.entries(responses).flatMap(([status, { content }]) =>
          // References are to the components of the document that they stand in.
          Object.entries(content).map(([mediaType, { schema }]) => [
            `${status} ${mediaType}`,
            ajv.compile({ ...schema, components }),
          ]),
        ),
      )
      return {
        ...{ method: method.toUpperCase(), path, id: operationId, parameters },
        body: requestBody?.content['application/json'].schema,
        complaint({ status, headers, body }) {
          const mediaType = headers['content-type']?.split(';')[0]
          const validate = answers.get(`${status} ${mediaType}`)
          if (validate === undefined) return `${operationId} documents no ${status} as ${mediaType}`
          return validate(body) ? undefined : `the body is not as documented: ${ajv.errorsText(validate.errors)}`
        },
      }
    }),
  )
}
