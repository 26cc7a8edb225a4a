import { type Static, type TObject, Type } from '@sinclair/typebox'
import { DEFAULT_PAGE, MAX_PAGE } from '../../../domain/history.ts'
import {
  METADATA,
  METADATA_KEY_PATTERN,
  METADATA_KEY_WORDS,
  METADATA_VALUE_PATTERN,
  METADATA_VALUE_WORDS,
  METADATA_WORDS,
  REFERENCE_PATTERN,
  REFERENCE_WORDS,
  type Reference,
} from '../../../domain/note.ts'
import { REFUSAL_CODES } from '../../../domain/outcome.ts'
import { type TransactionID, TransactionType } from '../../../domain/transaction.ts'
import { USER_ID_PATTERN, USER_ID_WORDS, type UserID } from '../../../domain/user-id.ts'
import { MAX_REASON, WALLET_STATES, type WalletState } from '../../../domain/wallet-state.ts'
import { EXPECTED, instantExpected } from '../wire/expected.ts'
import { MAX_BYTES } from '../wire/keywords.ts'
import { PROBLEM_CODES } from '../wire/problem.ts'
import { REQUEST_EXAMPLES } from './examples.ts'

/*
 * What travels: validated by these schemas, documented by them, and written by them. `Unsafe` gives a field the type
 * that its validation has proven, or that its serialiser takes. What has a title stands in the API description once,
 * under that name. What a client may get wrong has the words for it beside its rule, under EXPECTED.
 */

/** One of a few texts: a union of literals would have the serialiser try each. */
const Enumeration = <Value extends string>(values: readonly Value[], options: { description?: string } = {}) =>
  Type.Unsafe<Value>({ type: 'string', enum: values, ...options })

const UUID_PATTERN = '^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$'
export const MAX_INTEGER = Number.MAX_SAFE_INTEGER

export const UserIDSchema = Type.Unsafe<UserID>({
  type: 'string',
  pattern: USER_ID_PATTERN,
  [EXPECTED]: `a user ID such as auth0|42: ${USER_ID_WORDS}`,
  description: USER_ID_WORDS,
  examples: ['auth0|42'],
})

export const TransactionIDSchema = Type.Unsafe<TransactionID>({
  type: 'string',
  pattern: UUID_PATTERN,
  [EXPECTED]: 'a transaction ID as the server issued it, in lower case, such as 0193cdb2-1d20-8a3f-9c41-5f0e6b7a8c9d',
  description: 'Obtained from the server before the write; lower case',
  examples: ['0193cdb2-1d20-8a3f-9c41-5f0e6b7a8c9d'],
})

export const AmountSchema = Type.Integer({
  minimum: 1,
  maximum: MAX_INTEGER,
  [EXPECTED]: `a whole number from 1 to ${MAX_INTEGER}, in base units: 1000000 is one dollar`,
  description: 'Base units: 1000000 = 1 dollar',
  examples: [2_500_000],
})

/** A bigint on its way out. */
export const ExactInteger = (description: string) =>
  Type.Unsafe<bigint>({ type: 'integer', minimum: 0, maximum: MAX_INTEGER, description })

export const Timestamp = Type.String({
  description: 'RFC 3339 in UTC with microseconds',
  examples: ['2024-12-16T03:59:02.608558Z'],
})

const OR = new Intl.ListFormat('en-GB', { type: 'disjunction' })
const TYPE_VALUES = Object.values(TransactionType)
const TransactionTypeSchema = Type.Unsafe<TransactionType>({
  type: 'integer',
  enum: TYPE_VALUES,
  [EXPECTED]: `${OR.format(Object.entries(TransactionType).map(([name, value]) => `${value} (${name})`))}; for several, repeat it: type=1&type=4`,
  description: Object.entries(TransactionType)
    .map(([name, value]) => `${value} ${name}`)
    .join(', '),
})

export const UserParams = Type.Object({ userID: UserIDSchema })
export const TransactionIDParams = Type.Object({ userID: UserIDSchema, transactionID: TransactionIDSchema })

export const strict = { additionalProperties: false }
export const NoQuery = Type.Object({}, strict)
/** No body at all reaches a schema as null. */
export const NoBody = Type.Unsafe<object | null>({
  type: ['object', 'null'],
  properties: {},
  ...strict,
  [EXPECTED]: 'empty, or {}',
})

export const ReferenceSchema = Type.Unsafe<Reference>({
  type: 'string',
  pattern: REFERENCE_PATTERN,
  [EXPECTED]: `a reference such as order-1042: ${REFERENCE_WORDS}`,
  description: `What the movement is about; on both halves of a transfer. ${REFERENCE_WORDS}`,
  examples: ['order-1042'],
})
const MetadataSchema = Type.Unsafe<Record<string, string>>({
  type: 'object',
  maxProperties: METADATA.maxKeys,
  propertyNames: { pattern: METADATA_KEY_PATTERN, [EXPECTED]: METADATA_KEY_WORDS },
  additionalProperties: { type: 'string', pattern: METADATA_VALUE_PATTERN, [EXPECTED]: METADATA_VALUE_WORDS },
  [MAX_BYTES]: METADATA.maxBytes,
  [EXPECTED]: METADATA_WORDS,
  description: `The payer's own fields, never shown to the recipient: ${METADATA_WORDS}`,
  examples: [REQUEST_EXAMPLES.withNote.metadata],
})
/** What may be added to any movement. */
export const NOTE = { reference: Type.Optional(ReferenceSchema), metadata: Type.Optional(MetadataSchema) }

export const MovementBody = Type.Object(
  { amount: AmountSchema, transactionID: TransactionIDSchema, ...NOTE },
  { ...strict, [EXPECTED]: `a JSON object such as ${JSON.stringify(REQUEST_EXAMPLES.deposit)}` },
)
export const TransferBody = Type.Object(
  { passiveUserID: UserIDSchema, amount: AmountSchema, transactionID: TransactionIDSchema, ...NOTE },
  { ...strict, [EXPECTED]: `a JSON object such as ${JSON.stringify(REQUEST_EXAMPLES.transfer)}` },
)

/** Fastify makes a copy of a schema of headers, without what stands under symbols, unless its prototype is not the usual one. */
function asIs<Schema extends TObject>(schema: Schema): Schema {
  return Object.setPrototypeOf({ ...schema }, {})
}

/** An id or a version, 0 before the first. */
const ID_OR_0 = '(?:0|[1-9][0-9]{0,15})'
/** A version as `ETag` writes it. */
const VERSION_TAG = `^"${ID_OR_0}"$`
export const ConditionHeaders = asIs(
  Type.Object({
    'if-match': Type.Optional(
      Type.String({
        pattern: VERSION_TAG,
        [EXPECTED]: 'one version of the wallet in double quotes, as its ETag has it: "41"',
        description: "Refused with VERSION_MISMATCH unless the caller's wallet has this version",
        examples: ['"41"'],
      }),
    ),
  }),
)
/** How recent an answer has to be. */
const RECENT = {
  'wallet-version-min': Type.Optional(
    Type.String({
      pattern: `^${ID_OR_0}$`,
      [EXPECTED]: 'a version of the wallet, such as 41, or 0 for any',
      description:
        'The newest version of the wallet that the caller has seen: a standby may answer that has at least this one. Left out, the answer is of now.',
      examples: ['41'],
    }),
  ),
}
export const RecentHeaders = asIs(Type.Object(RECENT))
export const WalletHeaders = asIs(
  Type.Object({
    'if-none-match': Type.Optional(
      Type.String({ description: 'An ETag that was read before: 304 if the wallet is still so', examples: ['"41"'] }),
    ),
    ...RECENT,
  }),
)

export const LastEventIDHeaders = asIs(
  Type.Object({
    'last-event-id': Type.Optional(
      Type.String({
        pattern: `^${ID_OR_0}$`,
        [EXPECTED]: 'the id of the last transaction that came, such as 41, or 0 for all',
        description: 'Begins right after this id; 0 for the whole history',
        examples: ['1'],
      }),
    ),
  }),
)

export const StateBody = Type.Object(
  {
    state: Type.Unsafe<WalletState>({
      type: 'string',
      enum: [...WALLET_STATES],
      [EXPECTED]: 'open, frozen or closed',
      description: 'frozen: money comes in, none goes out; closed: neither, and only with a balance of 0',
    }),
    reason: Type.Unsafe<string>({
      type: 'string',
      pattern: METADATA_VALUE_PATTERN,
      minLength: 1,
      maxLength: MAX_REASON,
      [EXPECTED]: `why, in 1 to ${MAX_REASON} characters`,
      description: 'Kept for those who ask later',
    }),
  },
  { ...strict, [EXPECTED]: `a JSON object such as ${JSON.stringify(REQUEST_EXAMPLES.freeze)}` },
)

const MAX_TYPES = 16

export const Time = (description: string, example: string) =>
  Type.String({ format: 'rfc3339', [EXPECTED]: instantExpected, description, examples: [example] })
export const Cursor = (description: string, example: string) => Type.Optional(Time(description, example))
export const HistoryQuerySchema = Type.Object(
  {
    limit: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: MAX_PAGE,
        [EXPECTED]: `a whole number from 1 to ${MAX_PAGE}`,
        default: DEFAULT_PAGE,
        examples: [1],
      }),
    ),
    IDBefore: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: MAX_INTEGER,
        [EXPECTED]: `a whole number from 1 to ${MAX_INTEGER}, such as the nextIDBefore of the page before`,
        description: 'Only ids below this one',
        examples: [3],
      }),
    ),
    createdBefore: Cursor(
      'Only transactions strictly earlier; RFC 3339, any offset, up to nanoseconds',
      '2024-12-17T04:59:02+01:00',
    ),
    createdAfter: Cursor(
      'Only transactions strictly later; RFC 3339, any offset, up to nanoseconds',
      '2024-12-16T03:59:02.5Z',
    ),
    createdFrom: Cursor(
      'Only transactions that are not earlier; RFC 3339, any offset, up to nanoseconds',
      '2024-12-01T00:00:00Z',
    ),
    type: Type.Optional(
      Type.Array(TransactionTypeSchema, {
        minItems: 1,
        maxItems: MAX_TYPES,
        [EXPECTED]: `given at most ${MAX_TYPES} times`,
        description: 'Only these types; repeatable',
        examples: [[1, 4]],
      }),
    ),
    reference: Type.Optional(
      Type.Unsafe<Reference>({ ...ReferenceSchema, description: 'Only transactions under this reference' }),
    ),
  },
  strict,
)
export type HistoryQueryString = Static<typeof HistoryQuerySchema>

export const WalletSchema = Type.Object(
  {
    userID: UserIDSchema,
    balance: ExactInteger('Base units: 1000000 = 1 dollar'),
    version: ExactInteger('The id of the last transaction; 0 before the first'),
    createdAt: Timestamp,
    updatedAt: Timestamp,
    state: Type.Optional(Enumeration(['frozen', 'closed'], { description: 'Absent while the wallet is open' })),
    at: Type.Optional(
      Type.String({ description: 'Of which moment this is, to the microsecond; there if one was asked for' }),
    ),
  },
  { title: 'Wallet', description: "One user's money" },
)

export const PassiveUserIDSchema = Type.Unsafe<UserID | null>({
  type: ['string', 'null'],
  description: 'The other side of a transfer; null for deposits and withdrawals',
})

export const TransactionSchema = Type.Object(
  {
    id: ExactInteger('Counts the transactions of the wallet: 1, 2, 3, …'),
    transactionID: TransactionIDSchema,
    userID: UserIDSchema,
    type: TransactionTypeSchema,
    amount: ExactInteger('Base units; always positive, the type gives its sign'),
    balance: ExactInteger('The balance of the wallet right after this transaction'),
    passiveUserID: PassiveUserIDSchema,
    createdAt: Timestamp,
    reference: Type.Optional(Type.String({ description: 'Absent if there is none' })),
    metadata: Type.Optional(
      Type.Unsafe<Record<string, string>>({
        type: 'object',
        additionalProperties: { type: 'string' },
        description: "The payer's own; absent if there is none, and on a TransferIn",
      }),
    ),
  },
  { title: 'Transaction', description: "One line of a wallet's history; never changes" },
)

export const IssuedSchema = Type.Object(
  { transactionID: TransactionIDSchema, expiresAt: Timestamp },
  { title: 'IssuedTransactionID', description: 'A transaction ID, and until when it may be used' },
)

/** As the status of an ID names them: one that came too late has a status of its own. */
const NAMED_REFUSALS = REFUSAL_CODES.filter(
  (code) => code !== 'TRANSACTION_ID_RETIRED' && code !== 'TRANSACTION_ID_EXPIRED',
)

export const StatusSchema = Type.Object(
  {
    transactionID: TransactionIDSchema,
    status: Enumeration(['unused', 'executed', 'refused', 'expired', 'retired']),
    transaction: Type.Optional(TransactionSchema),
    refusal: Type.Optional(Type.Object({ code: Enumeration(NAMED_REFUSALS), detail: Type.String() })),
  },
  {
    title: 'TransactionIDStatus',
    description: 'The outcome of a transaction ID; with its transaction when executed, its refusal when refused',
  },
)

export const HistoryPageSchema = Type.Object(
  {
    transactions: Type.Array(TransactionSchema),
    nextIDBefore: Type.Unsafe<number | null>({
      type: ['integer', 'null'],
      description: 'The IDBefore of the next page; null on the last one',
    }),
  },
  { title: 'HistoryPage', description: "A piece of a wallet's history, newest first" },
)

export const ProblemSchema = Type.Object(
  {
    type: Type.String({ description: 'The code as a URN' }),
    title: Type.String(),
    status: Type.Integer(),
    code: Enumeration(PROBLEM_CODES, { description: 'What a program goes by' }),
    detail: Type.String(),
    instance: Type.String({ description: 'The ID of the request; in a replayed refusal, of the one refused first' }),
    errors: Type.Optional(
      Type.Array(Type.Object({ path: Type.String({ description: 'A JSON pointer' }), message: Type.String() }), {
        description: 'What is wrong with which field; only with INVALID_REQUEST',
      }),
    ),
  },
  { title: 'Problem', description: 'Why a request was not done (RFC 9457)' },
)
