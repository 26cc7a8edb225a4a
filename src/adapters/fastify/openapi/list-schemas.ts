import { Type } from '@sinclair/typebox'
import { TransactionType } from '../../../domain/transaction.ts'
import { EXPECTED } from '../wire/expected.ts'
import { REQUEST_EXAMPLES } from './examples.ts'
import {
  AmountSchema,
  MAX_INTEGER,
  NOTE,
  ProblemSchema,
  strict,
  Timestamp,
  TransactionIDSchema,
  TransactionSchema,
  UserIDSchema,
} from './schemas.ts'

/* What travels if much is asked for at once; schemas.ts says how. */

export const MAX_LIST = 1000
const ItemID = { userID: UserIDSchema, transactionID: TransactionIDSchema }
const ITEM_TYPES = [TransactionType.Deposit, TransactionType.Withdrawal, TransactionType.TransferOut] as const
type ItemType = (typeof ITEM_TYPES)[number]
const ItemTypeSchema = <Value extends ItemType>(values: readonly Value[]) =>
  Type.Unsafe<Value>({
    type: 'integer',
    enum: values,
    [EXPECTED]: '1 (Deposit), 2 (Withdrawal) or 4 (TransferOut)',
    description: '1 Deposit, 2 Withdrawal, 4 TransferOut',
  })
const IfVersionSchema = Type.Integer({
  minimum: 0,
  maximum: MAX_INTEGER,
  [EXPECTED]: `a whole number from 0 to ${MAX_INTEGER}: the version that the wallet must have`,
  description: 'Refused with VERSION_MISMATCH unless the wallet of userID has this version',
  examples: [41],
})
const ITEM_EXPECTED = {
  ...strict,
  [EXPECTED]: `a JSON object such as ${JSON.stringify(REQUEST_EXAMPLES.list.transactions[0])}`,
}
/** A deposit or a withdrawal in a list. */
export const MovementItem = Type.Object(
  {
    ...{ userID: ItemID.userID, type: ItemTypeSchema([TransactionType.Deposit, TransactionType.Withdrawal]) },
    ...{ amount: AmountSchema, transactionID: ItemID.transactionID, ...NOTE },
    ifVersion: Type.Optional(IfVersionSchema),
  },
  { ...ITEM_EXPECTED, title: 'MovementItem', description: 'A deposit or a withdrawal' },
)
export const TransferItem = Type.Object(
  {
    ...{ userID: ItemID.userID, type: ItemTypeSchema([TransactionType.TransferOut]), passiveUserID: UserIDSchema },
    ...{ amount: AmountSchema, transactionID: ItemID.transactionID, ...NOTE },
    ifVersion: Type.Optional(IfVersionSchema),
  },
  { ...ITEM_EXPECTED, title: 'TransferItem', description: 'A transfer' },
)
export const ListBody = Type.Object(
  {
    atomic: Type.Optional(
      Type.Boolean({
        default: false,
        [EXPECTED]: 'true or false',
        description: 'All of the items are executed, or none that is new',
      }),
    ),
    transactions: Type.Array(Type.Union([MovementItem, TransferItem], { [EXPECTED]: ITEM_EXPECTED[EXPECTED] }), {
      minItems: 1,
      maxItems: MAX_LIST,
      [EXPECTED]: `a list of 1 to ${MAX_LIST} items`,
    }),
  },
  { ...strict, [EXPECTED]: `a JSON object such as ${JSON.stringify(REQUEST_EXAMPLES.list)}` },
)

export const CountBody = Type.Object(
  {
    count: Type.Integer({
      minimum: 1,
      maximum: MAX_LIST,
      [EXPECTED]: `a whole number from 1 to ${MAX_LIST}`,
      examples: [2],
    }),
  },
  { ...strict, [EXPECTED]: 'a JSON object such as {"count":2}' },
)

export const ManyIssuedSchema = Type.Object(
  { transactionIDs: Type.Array(TransactionIDSchema), expiresAt: Timestamp },
  { title: 'IssuedTransactionIDs', description: 'Transaction IDs, and until when they may be used' },
)

export const ListResultsSchema = Type.Object(
  {
    results: Type.Array(
      Type.Object({
        status: Type.Integer({ description: 'What the item alone would be answered with' }),
        replayed: Type.Boolean({ description: 'An earlier request with this transaction ID had this outcome already' }),
        transaction: Type.Optional(TransactionSchema),
        problem: Type.Optional(ProblemSchema),
      }),
      { description: 'One for each item, in their order; with its transaction when executed, its problem when not' },
    ),
  },
  { title: 'ListResults', description: 'How each item of a list fared' },
)
