import { Type } from '@sinclair/typebox'
import {
  ExactInteger,
  HistoryQuerySchema,
  PassiveUserIDSchema,
  strict,
  Timestamp,
  TransactionIDSchema,
  TransactionSchema,
  UserIDSchema,
  WalletSchema,
} from '../openapi/schemas.ts'
import { EXPECTED } from '../wire/expected.ts'

/* What the console asks for and is answered; see schemas.ts for how. */

/** What user IDs may hold, from nothing at all to the longest; white space at its end may go on. */
const Prefix = Type.String({
  pattern: '^[^\\p{Cc}\\p{Cs}]{0,128}$',
  [EXPECTED]: 'how a user ID begins: at most 128 characters, no control characters',
})

export const SearchQuerySchema = Type.Object({ prefix: Prefix }, strict)
export const FoundSchema = Type.Object({ wallets: Type.Array(WalletSchema), more: Type.Boolean() })

export const TraceParams = Type.Object({ transactionID: TransactionIDSchema })
const RefusalSchema = Type.Object({
  transactionID: TransactionIDSchema,
  userID: UserIDSchema,
  kind: Type.String(),
  amount: ExactInteger('Base units'),
  passiveUserID: PassiveUserIDSchema,
  code: Type.String(),
  requestID: Type.String(),
  createdAt: Timestamp,
})
export const TraceSchema = Type.Object({
  transactions: Type.Array(TransactionSchema),
  refusals: Type.Array(RefusalSchema),
})

export const CurveQuerySchema = Type.Pick(HistoryQuerySchema, ['createdBefore', 'createdAfter'], strict)
export const CurveSchema = Type.Object({
  transactions: ExactInteger('How many there are in this part'),
  points: Type.Array(Type.Object({ id: ExactInteger(''), balance: ExactInteger('Base units'), createdAt: Timestamp })),
})
