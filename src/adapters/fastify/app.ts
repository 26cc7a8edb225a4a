import type { IncomingMessage, ServerResponse } from 'node:http'
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import type { FastifyBaseLogger, FastifyInstance, RawServerDefault } from 'fastify'
import type { TransactionID } from '../../domain/transaction.ts'
import type { ItemsEntry, RequestSpan } from '../../ports/telemetry.ts'

/** The server as its routes see it: their schemas give their requests a type. */
export type App = FastifyInstance<
  RawServerDefault,
  IncomingMessage,
  ServerResponse,
  FastifyBaseLogger,
  TypeBoxTypeProvider
>

declare module 'fastify' {
  interface FastifyRequest {
    /** The transaction ID that this request is about, for the log. */
    transactionID: TransactionID | undefined
    /** The route as it is declared, for the log: `routeOptions` would be put together anew for each request. */
    route: string | undefined
    /** Where this request comes from, for the log and the limits. */
    address: string | undefined
    /** The outcome of this request, for the log and the metrics: see {@link RequestLog}. */
    outcome: string | undefined
    replayed: true | undefined
    /** How the items of a list fared, for the log and the metrics. */
    items: readonly ItemsEntry[] | undefined
    /** Only if requests are traced. */
    span?: RequestSpan
  }
}
