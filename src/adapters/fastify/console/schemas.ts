import { Type } from '@sinclair/typebox'
import type { UserID } from '../../../domain/user-id.ts'
import { WALLET_STATES, type WalletState } from '../../../domain/wallet-state.ts'
import {
  ExactInteger,
  HistoryQuerySchema,
  PassiveUserIDSchema,
  ReferenceSchema,
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
  reference: TransactionSchema.properties.reference,
  metadata: TransactionSchema.properties.metadata,
})
export const TraceSchema = Type.Object({
  transactions: Type.Array(TransactionSchema),
  refusals: Type.Array(RefusalSchema),
})

export const ReferenceQuerySchema = Type.Object({ reference: ReferenceSchema }, strict)
export const ReferencedSchema = Type.Object({ transactions: Type.Array(TransactionSchema), more: Type.Boolean() })

export const StateChangesSchema = Type.Object({
  changes: Type.Array(
    Type.Object({
      id: ExactInteger('Counts the changes of the wallet: 1, 2, 3, …'),
      state: Type.Unsafe<WalletState>({ type: 'string', enum: [...WALLET_STATES] }),
      reason: Type.String(),
      changedBy: Type.Unsafe<UserID | null>({ type: ['string', 'null'] }),
      changedAt: Timestamp,
    }),
  ),
  more: Type.Boolean(),
})

export const CurveQuerySchema = Type.Pick(HistoryQuerySchema, ['createdBefore', 'createdAfter', 'createdFrom'], strict)
export const CurveSchema = Type.Object({
  transactions: ExactInteger('How many there are in this part'),
  points: Type.Array(Type.Object({ id: ExactInteger(''), balance: ExactInteger('Base units'), createdAt: Timestamp })),
})

export const WebhookSchema = Type.Object({
  webhook: Type.Union([
    Type.Null(),
    Type.Object({
      origin: Type.String({ description: 'Of its receiver: scheme, host and port' }),
      deliveredAt: Type.Union([Type.Null(), Timestamp]),
      failingSince: Type.Union([Type.Null(), Timestamp]),
      lastError: Type.Union([Type.Null(), Type.String()]),
      behind: Type.Number({ description: 'Seconds: the age of the oldest transaction that was not delivered' }),
    }),
  ]),
})
