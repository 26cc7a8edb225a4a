import type { FastifyReply } from 'fastify'
import type { Refusal } from '../../../domain/outcome.ts'
import { formatInstant } from '../../../domain/rfc3339.ts'
import type { StateChange } from '../../../domain/wallet-state.ts'
import { type Inspection, type InspectionResult, MAX_SHOWN, type WebhookState } from '../../../ports/inspection.ts'
import type { MetricsPage } from '../../../ports/telemetry.ts'
import type { App } from '../app.ts'
import { FeedPageSchema } from '../openapi/feed-schemas.ts'
import { NoQuery, UserParams } from '../openapi/schemas.ts'
import { sendProblem } from '../wire/problem.ts'
import { parseBounds } from '../wire/query-string.ts'
import { feedPageView, noteView, transactionView, walletView } from '../wire/views.ts'
import {
  CurveQuerySchema,
  CurveSchema,
  FoundSchema,
  ReferencedSchema,
  ReferenceQuerySchema,
  SearchQuerySchema,
  StateChangesSchema,
  TraceParams,
  TraceSchema,
  WebhookSchema,
} from './schemas.ts'

const MAX_FOUND = 20
const POINTS = 500
const MAX_NEWEST = 20
const MS_PER_S = 1000

/** What the console shows beside what clients may ask for. Its own: no one else may rely on it, so `/openapi.json` has none of it. */
export function consoleDataRoutes(app: App, inspection: () => Inspection, metrics: MetricsPage | undefined): void {
  const config = { access: 'admin' } as const

  app.get(
    '/data/wallets',
    { config, schema: { hide: true, querystring: SearchQuerySchema, response: { 200: FoundSchema } } },
    async (request, reply) => {
      const { prefix } = request.query
      const result = await inspection().find({ prefix, limit: MAX_FOUND + 1 })
      return answer(reply, result, (found) => ({
        wallets: found.slice(0, MAX_FOUND).map(walletView),
        more: found.length > MAX_FOUND,
      }))
    },
  )

  app.get(
    '/data/transactions/:transactionID',
    { config, schema: { hide: true, params: TraceParams, querystring: NoQuery, response: { 200: TraceSchema } } },
    async (request, reply) => {
      const { transactionID } = request.params
      request.transactionID = transactionID
      return answer(reply, await inspection().findTransaction(transactionID), ({ transactions, refusals }) => ({
        transactions: transactions.map(transactionView),
        refusals: refusals.map(refusalView),
      }))
    },
  )

  app.get(
    '/data/references',
    // In the query, where a reference may hold whatever it likes: in a path some would lead elsewhere.
    { config, schema: { hide: true, querystring: ReferenceQuerySchema, response: { 200: ReferencedSchema } } },
    async (request, reply) => {
      const result = await inspection().findReference(request.query.reference)
      return answer(reply, result, (transactions) => ({
        transactions: transactions.map(transactionView),
        more: transactions.length === MAX_SHOWN,
      }))
    },
  )

  app.get(
    '/data/state-changes/:userID',
    { config, schema: { hide: true, params: UserParams, querystring: NoQuery, response: { 200: StateChangesSchema } } },
    async (request, reply) => {
      const result = await inspection().stateChanges(request.params.userID)
      return answer(reply, result, (changes) => ({
        changes: changes.map(stateChangeView),
        more: changes.length === MAX_SHOWN,
      }))
    },
  )

  app.get(
    '/data/curves/:userID',
    {
      config,
      schema: { hide: true, params: UserParams, querystring: CurveQuerySchema, response: { 200: CurveSchema } },
    },
    async (request, reply) => {
      const { userID } = request.params
      const result = await inspection().curve({ userID, points: POINTS, ...parseBounds(request.query) })
      if (result.kind === 'failed') return sendProblem(reply, result.code)
      if (result.value === undefined) return sendProblem(reply, 'WALLET_NOT_FOUND')
      const { transactions, points } = result.value
      return reply.send({
        transactions,
        points: points.map((point) => ({ ...point, createdAt: formatInstant(point.createdAt) })),
      })
    },
  )

  app.get(
    '/data/newest',
    { config, schema: { hide: true, querystring: NoQuery, response: { 200: FeedPageSchema } } },
    async (_request, reply) => {
      const result = await inspection().newest(MAX_NEWEST)
      if (result.kind === 'failed') return sendProblem(reply, result.code)
      if (result.value.kind === 'unavailable') return sendProblem(reply, 'FEED_UNAVAILABLE')
      return reply.send(feedPageView(result.value.page))
    },
  )

  app.get('/data/audit', { config, schema: { hide: true, querystring: NoQuery } }, async (_request, reply) =>
    answer(reply.type('application/json'), await inspection().lastAudit(), (report = 'null') => `{"report":${report}}`),
  )

  app.get(
    '/data/webhook',
    { config, schema: { hide: true, querystring: NoQuery, response: { 200: WebhookSchema } } },
    async (_request, reply) =>
      answer(reply, await inspection().webhook(), (state) => ({
        webhook: state === undefined ? null : webhookView(state),
      })),
  )

  if (metrics === undefined) return
  app.get(
    '/data/figures',
    { config: { ...config, withoutService: true }, schema: { hide: true, querystring: NoQuery } },
    async (_request, reply) => reply.send({ samples: await metrics.samples() }),
  )
}

function answer<Value>(
  reply: FastifyReply,
  result: InspectionResult<Value>,
  view: (value: Value) => unknown,
): FastifyReply {
  return result.kind === 'found' ? reply.send(view(result.value)) : sendProblem(reply, result.code)
}

function refusalView({ movement: { note = {}, ...movement }, createdAt, ...refusal }: Refusal) {
  return { ...refusal, ...movement, ...noteView(note), createdAt: formatInstant(createdAt) }
}

function webhookView({ origin, deliveredAt, failing, behindMs }: WebhookState) {
  return {
    origin,
    deliveredAt: deliveredAt === undefined ? null : formatInstant(deliveredAt),
    failingSince: failing === undefined ? null : formatInstant(failing.since),
    lastError: failing?.error ?? null,
    behind: behindMs / MS_PER_S,
  }
}

function stateChangeView({ changedAt, ...change }: StateChange) {
  return { ...change, changedAt: formatInstant(changedAt) }
}
