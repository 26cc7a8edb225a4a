import { Ajv, type AnySchemaObject, type ValidateFunction } from 'ajv'
import type { FastifySchemaCompiler, FastifySchemaValidationError } from 'fastify'
import { TransactionType } from '../../../domain/transaction.ts'
import { ListBody, MovementItem, TransferItem } from '../openapi/list-schemas.ts'
import { MAX_TOLD } from './expected.ts'
import { VALIDATION } from './keywords.ts'

/*
 * A list is validated item by item, and of each item the first mistake is told: a list of a thousand wrong items must cost no
 * more than a right one, and the validator of the other routes collects every mistake of all of them.
 */

const ajv = new Ajv({ ...VALIDATION, allErrors: false, coerceTypes: false, strict: false })
const { transactions } = ListBody.properties
const isList = ajv.compile({
  ...ListBody,
  properties: {
    ...ListBody.properties,
    transactions: {
      ...transactions,
      items: { ...MovementItem, properties: {}, required: [], additionalProperties: true },
    },
  },
})
const isMovement = ajv.compile(MovementItem)
const isTransfer = ajv.compile(TransferItem)

/** For the route of lists: the body as above, all else as its schema says. */
export const validateList: FastifySchemaCompiler<AnySchemaObject> = ({ schema, httpPart }) =>
  httpPart === 'body' ? validateBody : ajv.compile(schema)

function validateBody(body: unknown): boolean {
  const errors = isList(body) ? itemErrors(body as { transactions: readonly object[] }) : isList.errors
  validateBody.errors = errors ?? []
  return validateBody.errors.length === 0
}
validateBody.errors = [] as FastifySchemaValidationError[]

function itemErrors({ transactions }: { readonly transactions: readonly object[] }): FastifySchemaValidationError[] {
  const errors: FastifySchemaValidationError[] = []
  for (const [index, item] of transactions.entries()) {
    const validate: ValidateFunction = isTransferItem(item) ? isTransfer : isMovement
    if (validate(item)) continue
    for (const error of validate.errors ?? [])
      errors.push({ ...error, instancePath: `/transactions/${index}${error.instancePath}` })
    if (errors.length >= MAX_TOLD) break
  }
  return errors
}

function isTransferItem(item: object): boolean {
  return 'type' in item && item.type === TransactionType.TransferOut
}
