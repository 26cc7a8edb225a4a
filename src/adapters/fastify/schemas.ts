import { type Static, Type } from '@sinclair/typebox'
import { MAX_PAGE } from '../../domain/history.ts'
import { type TransactionID, TransactionType } from '../../domain/transaction.ts'
import { USER_ID_PATTERN, type UserID } from '../../domain/user-id.ts'
import { PROBLEM_MEDIA_TYPE, PROBLEMS, type ProblemCode } from './problem.ts'

/*
 * What travels: validated by these schemas, documented by them, and written by them. `Unsafe` gives a field the type
 * that its validation has proven, or that its serialiser takes.
 */

const UUID_PATTERN = '^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$'
const MAX_INTEGER = Number.MAX_SAFE_INTEGER

const UserIDSchema = Type.Unsafe<UserID>({
  type: 'string',
  pattern: USER_ID_PATTERN,
  description: '1 to 128 characters, no control characters, no white space at either end',
  examples: ['auth0|42'],
})

const TransactionIDSchema = Type.Unsafe<TransactionID>({
  type: 'string',
  pattern: UUID_PATTERN,
  description: 'Obtained from the server before the write; lower case',
  examples: ['0193cdb2-1d20-8a3f-9c41-5f0e6b7a8c9d'],
})

const AmountSchema = Type.Integer({
  minimum: 1,
  maximum: MAX_INTEGER,
  description: 'Base units: 1000000 = 1 dollar',
  examples: [2_500_000],
})

/** A bigint on its way out. */
const ExactInteger = (description: string) =>
  Type.Unsafe<bigint>({ type: 'integer', minimum: 0, maximum: MAX_INTEGER, description })

const Timestamp = Type.String({
  description: 'RFC 3339 in UTC with microseconds',
  examples: ['2024-12-16T03:59:02.608558Z'],
})

const TYPE_VALUES = Object.values(TransactionType)
const TransactionTypeSchema = Type.Unsafe<TransactionType>({
  type: 'integer',
  enum: TYPE_VALUES,
  description: Object.entries(TransactionType)
    .map(([name, value]) => `${value} ${name}`)
    .join(', '),
})

export const UserParams = Type.Object({ userID: UserIDSchema })
export const TransactionIDParams = Type.Object({ userID: UserIDSchema, transactionID: TransactionIDSchema })

const strict = { additionalProperties: false }
export const NoQuery = Type.Object({}, strict)
/** No body at all reaches a schema as null. */
export const NoBody = Type.Unsafe<object | null>({ type: ['object', 'null'], properties: {}, ...strict })
export const MovementBody = Type.Object({ amount: AmountSchema, transactionID: TransactionIDSchema }, strict)
export const TransferBody = Type.Object(
  { passiveUserID: UserIDSchema, amount: AmountSchema, transactionID: TransactionIDSchema },
  strict,
)

const Cursor = (description: string) => Type.Optional(Type.String({ format: 'rfc3339', description }))
export const HistoryQuerySchema = Type.Object(
  {
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: MAX_PAGE, default: 100 })),
    IDBefore: Type.Optional(Type.Integer({ minimum: 1, maximum: MAX_INTEGER, description: 'Only ids below this one' })),
    createdBefore: Cursor('Only transactions strictly earlier; RFC 3339, any offset, up to nanoseconds'),
    createdAfter: Cursor('Only transactions strictly later; RFC 3339, any offset, up to nanoseconds'),
    type: Type.Optional(
      Type.Array(TransactionTypeSchema, { minItems: 1, maxItems: 16, description: 'Only these types; repeatable' }),
    ),
  },
  strict,
)
export type HistoryQueryString = Static<typeof HistoryQuerySchema>

export const WalletSchema = Type.Object({
  userID: UserIDSchema,
  balance: ExactInteger('Base units: 1000000 = 1 dollar'),
  version: ExactInteger('The id of the last transaction; 0 before the first'),
  createdAt: Timestamp,
  updatedAt: Timestamp,
})

export const TransactionSchema = Type.Object({
  id: ExactInteger('Counts the transactions of the wallet: 1, 2, 3, …'),
  transactionID: TransactionIDSchema,
  userID: UserIDSchema,
  type: TransactionTypeSchema,
  amount: ExactInteger('Base units; always positive, the type gives its sign'),
  balance: ExactInteger('The balance of the wallet right after this transaction'),
  passiveUserID: Type.Unsafe<UserID | null>({
    type: ['string', 'null'],
    description: 'The other side of a transfer; null for deposits and withdrawals',
  }),
  createdAt: Timestamp,
})

export const IssuedSchema = Type.Object({ transactionID: TransactionIDSchema, expiresAt: Timestamp })

export const StatusSchema = Type.Object({
  transactionID: TransactionIDSchema,
  status: Type.Union(['unused', 'executed', 'refused', 'expired'].map((status) => Type.Literal(status))),
  transaction: Type.Optional(TransactionSchema),
  refusal: Type.Optional(Type.Object({ code: Type.String(), detail: Type.String() })),
})

export const HistoryPageSchema = Type.Object({
  transactions: Type.Array(TransactionSchema),
  nextIDBefore: Type.Unsafe<number | null>({
    type: ['integer', 'null'],
    description: 'The IDBefore of the next page; null on the last one',
  }),
})

const ProblemSchema = Type.Object(
  {
    type: Type.String(),
    title: Type.String(),
    status: Type.Integer(),
    code: Type.String(),
    detail: Type.String(),
    instance: Type.String({ description: 'The ID of the request' }),
    errors: Type.Optional(Type.Array(Type.Object({ path: Type.String(), message: Type.String() }))),
  },
  { description: 'RFC 9457' },
)

/** What every route may answer with. */
const COMMON_PROBLEMS: readonly ProblemCode[] = [
  'UNAUTHENTICATED',
  'TOO_MANY_REQUESTS',
  'AUTHENTICATION_UNAVAILABLE',
  'BODY_TOO_LARGE',
  'INVALID_REQUEST',
  'WALLET_NOT_FOUND',
  'OVERLOADED',
  'DATABASE_UNAVAILABLE',
  'INTERNAL',
]

/** The problems of a route by their status, as its responses; `codes` are those that not every route has. */
export function problemResponses(...codes: ProblemCode[]) {
  const byStatus = new Map<number, ProblemCode[]>()
  for (const code of [...COMMON_PROBLEMS, ...codes]) {
    const { status } = PROBLEMS[code]
    byStatus.set(status, [...(byStatus.get(status) ?? []), code])
  }
  return Object.fromEntries(
    [...byStatus].map(([status, those]) => [
      status,
      { description: those.join(', '), content: { [PROBLEM_MEDIA_TYPE]: { schema: ProblemSchema } } },
    ]),
  )
}
