import { type Static, Type } from '@sinclair/typebox'
import { MAX_TOTALLED } from '../../../domain/past.ts'
import { Cursor, ExactInteger, strict, Time, Timestamp, UserIDSchema } from './schemas.ts'

/* A wallet as it was, and what a period came to. schemas.ts says how schemas are written. */

export const WalletQuerySchema = Type.Object(
  {
    at: Cursor(
      'The wallet as it was at this moment, which must be over; RFC 3339, any offset, up to nanoseconds',
      '2024-12-16T04:00:00Z',
    ),
  },
  strict,
)

export const StatementQuerySchema = Type.Object(
  {
    from: Time('The first moment of the period; RFC 3339, any offset, up to nanoseconds', '2024-12-01T00:00:00Z'),
    to: Time('The first moment after it; in the future: the period so far', '2025-01-01T00:00:00Z'),
  },
  strict,
)
export type StatementQueryString = Static<typeof StatementQuerySchema>

const TotalSchema = Type.Object(
  {
    count: Type.Integer({ minimum: 0 }),
    amount: Type.String({
      pattern: '^(0|[1-9][0-9]*)$',
      description: 'Base units, as text: a sum may be larger than 2^53, and JSON clients would round it as a number',
      examples: ['5000000'],
    }),
  },
  { title: 'Total', description: 'How many transactions of a type a period has, and what they add up to' },
)
const TotalsSchema = Type.Object({ 1: TotalSchema, 2: TotalSchema, 3: TotalSchema, 4: TotalSchema })
const IDOrNull = (description: string) => Type.Unsafe<number | null>({ type: ['integer', 'null'], description })

export const StatementSchema = Type.Object(
  {
    userID: UserIDSchema,
    from: Timestamp,
    to: Timestamp,
    opening: ExactInteger('The balance before from, in base units'),
    closing: ExactInteger('The balance before to, with which the next period opens'),
    count: ExactInteger('How many transactions the period has'),
    firstID: IDOrNull('The id of the first of them; null if there are none'),
    lastID: IDOrNull('The id of the last of them; null if there are none'),
    totals: Type.Unsafe<Static<typeof TotalsSchema> | null>({
      ...TotalsSchema,
      type: ['object', 'null'],
      description: `By type, whether it occurs or not; null if there are more than ${MAX_TOTALLED} transactions`,
    }),
  },
  { title: 'Statement', description: 'What a wallet had before a period and after it, and what came in between' },
)
