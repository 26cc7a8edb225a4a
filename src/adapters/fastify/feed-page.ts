import fastJSON from 'fast-json-stringify'
import type { FeedPage } from '../../domain/feed.ts'
import { FeedPageSchema } from './openapi/feed-schemas.ts'
import { feedPageView } from './wire/views.ts'

const stringify = fastJSON({ ...FeedPageSchema })

/** A page of the feed, to the byte as the route answers with it, for what sends it elsewhere. */
export function formatFeedPage(page: FeedPage): string {
  return stringify(feedPageView(page))
}
