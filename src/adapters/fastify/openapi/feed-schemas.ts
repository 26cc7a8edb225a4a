import { type Static, Type } from '@sinclair/typebox'
import { FEED_START, MAX_FEED_WAIT_S } from '../../../domain/feed.ts'
import type { UserID } from '../../../domain/user-id.ts'
import { EXPECTED } from '../wire/expected.ts'
import { formatCursor } from '../wire/feed-cursor.ts'
import { FEED_CURSOR } from '../wire/keywords.ts'
import { HistoryQuerySchema, strict, TransactionSchema, UserIDSchema } from './schemas.ts'

/** The first page's, in a ledger that is empty: any ledger takes it. */
export const CURSOR_EXAMPLE = formatCursor(FEED_START)

export const FeedQuerySchema = Type.Object(
  {
    after: Type.Optional(
      Type.String({
        format: FEED_CURSOR,
        [EXPECTED]:
          'a cursor as it came, the next of the page before; leave it out to begin with the oldest transaction',
        description: 'The next of the page before; left out, the feed begins with the oldest transaction',
        examples: [CURSOR_EXAMPLE],
      }),
    ),
    limit: HistoryQuerySchema.properties.limit,
    wait: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: MAX_FEED_WAIT_S,
        [EXPECTED]: `a whole number of seconds from 0 to ${MAX_FEED_WAIT_S}`,
        default: 0,
        description: 'How many seconds to wait if there is nothing new; the answer comes as soon as there is something',
        examples: [0],
      }),
    ),
    userID: Type.Optional(Type.Unsafe<UserID>({ ...UserIDSchema, description: 'Only transactions of this user' })),
    reference: HistoryQuerySchema.properties.reference,
  },
  strict,
)
export type FeedQueryString = Static<typeof FeedQuerySchema>

export const FeedPageSchema = Type.Object(
  {
    transactions: Type.Array(TransactionSchema),
    next: Type.String({
      description: 'The after of the page that follows; there always is one',
      examples: [CURSOR_EXAMPLE],
    }),
  },
  { title: 'FeedPage', description: 'A piece of the feed, oldest first' },
)
