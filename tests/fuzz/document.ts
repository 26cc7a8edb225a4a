import { type Static, Type } from '@sinclair/typebox'
import { Value } from '@sinclair/typebox/value'
import { Ajv2020 } from 'ajv/dist/2020.js'
import type { Answer } from '../support/http.ts'

/*
 * The OpenAPI document as a client reads it: what can be asked, and what every answer must look like.
 */

const Schema = Type.Record(Type.String(), Type.Unknown())
const Content = Type.Record(Type.String(), Type.Object({ schema: Schema }))
const OperationSchema = Type.Object({
  operationId: Type.String(),
  parameters: Type.Array(
    Type.Object({ in: Type.Union([Type.Literal('path'), Type.Literal('query')]), name: Type.String(), schema: Schema }),
  ),
  requestBody: Type.Optional(
    Type.Object({ content: Type.Object({ 'application/json': Type.Object({ schema: Schema }) }) }),
  ),
  responses: Type.Record(Type.String(), Type.Object({ description: Type.String(), content: Content })),
})
const DocumentSchema = Type.Object({
  paths: Type.Record(Type.String(), Type.Record(Type.String(), OperationSchema)),
})

export type JSONSchema = Static<typeof Schema>

export interface Operation {
  /** Upper case. */
  readonly method: string
  /** As `/api/v1/users/{userID}/wallet`. */
  readonly path: string
  readonly id: string
  readonly parameters: Static<typeof OperationSchema>['parameters']
  readonly body: JSONSchema | undefined
  /** What the document has against this answer; `undefined` where nothing. */
  complaint(answer: Answer): string | undefined
}

export function readOperations(document: unknown): readonly Operation[] {
  const ajv = new Ajv2020({ strict: false })
  const { paths } = Value.Parse(DocumentSchema, document)
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { operationId, parameters, requestBody, responses }]): Operation => {
      const answers = new Map(
        Object.entries(responses).flatMap(([status, { description, content }]) =>
          Object.entries(content).map(([mediaType, { schema }]) => [
            `${status} ${mediaType}`,
            { description, validate: ajv.compile(schema) },
          ]),
        ),
      )
      return {
        ...{ method: method.toUpperCase(), path, id: operationId, parameters },
        body: requestBody?.content['application/json'].schema,
        complaint({ status, headers, body }) {
          const mediaType = headers['content-type']?.split(';')[0]
          const known = answers.get(`${status} ${mediaType}`)
          if (known === undefined) return `${operationId} documents no ${status} as ${mediaType}`
          if (status >= 400 && !known.description.split(', ').includes(String(body.code)))
            return `${operationId} documents no ${body.code} as ${status}`
          return known.validate(body)
            ? undefined
            : `the body is not as documented: ${ajv.errorsText(known.validate.errors)}`
        },
      }
    }),
  )
}
