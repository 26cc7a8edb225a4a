import { AsyncLocalStorage } from 'node:async_hooks'
import {
  type Context,
  defaultTextMapGetter,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  type Tracer,
  trace,
} from '@opentelemetry/api'
import { W3CTraceContextPropagator } from '@opentelemetry/core'
import type { Resource } from '@opentelemetry/resources'
import type { OTLPProtocol, RequestSpan, RequestTracing, Tracing } from '../../ports/telemetry.ts'
import { createProvider } from './provider.ts'

/** Traces by OpenTelemetry: request, batch, steps at the database. */
export async function sendTraces(
  protocol: OTLPProtocol,
  resource: Resource,
  version: string,
): Promise<{ readonly tracing: RequestTracing & Tracing; shutdown(): Promise<void> }> {
  const provider = await createProvider(protocol, resource)
  return {
    tracing: createTracing(provider.getTracer('wallet-service', version)),
    shutdown: () => provider.shutdown(),
  }
}

/** What runs here: a request, or a batch below whose span its steps belong. */
type Running = { readonly request: RequestSpan | undefined } | { readonly batch: Context | undefined }

function createTracing(tracer: Tracer): RequestTracing & Tracing {
  const propagator = new W3CTraceContextPropagator()
  const running = new AsyncLocalStorage<Running>()
  const spans = new WeakMap<RequestSpan, Span>()

  return {
    startRequest(headers) {
      const caller = propagator.extract(ROOT_CONTEXT, headers, defaultTextMapGetter)
      const span = tracer.startSpan('request', { kind: SpanKind.SERVER }, caller)
      const request: RequestSpan = {
        run: (work) => running.run({ request: span.isRecording() ? request : undefined }, work),
        end: (answer) => endRequest(span, answer),
      }
      spans.set(request, span)
      return request
    },

    current() {
      const here = running.getStore()
      return here !== undefined && 'request' in here ? here.request : undefined
    },

    /**
     * The batch is a child of its first request, so that a lone request is one trace from end to end and is sampled as
     * a whole; links in both directions connect it with the others.
     */
    batch(queue, items, work) {
      // The items of a list came with one request.
      const requests = [...new Set(items.flatMap(({ span }) => (span && spans.get(span)) ?? []))]
      const [first, ...others] = requests
      if (first === undefined) return running.run({ batch: undefined }, work)
      const links = requests.map((request) => ({ context: request.spanContext() }))
      const attributes = { 'wallet.queue': queue, 'wallet.batch.size': items.length }
      const span = tracer.startSpan(`batch ${queue}`, { links, attributes }, trace.setSpan(ROOT_CONTEXT, first))
      for (const other of others) if (other.isRecording()) other.addLink({ context: span.spanContext() })
      return running.run({ batch: trace.setSpan(ROOT_CONTEXT, span) }, () => untilDone(span, work))
    },

    step(step, statements, work) {
      const here = running.getStore()
      if (here === undefined || !('batch' in here) || here.batch === undefined) return work()
      const attributes = { 'db.system.name': 'postgresql', 'db.query.summary': statements }
      return untilDone(tracer.startSpan(step, { kind: SpanKind.CLIENT, attributes }, here.batch), work)
    },
  }
}

function endRequest(span: Span, { requestID, method, route, status }: Parameters<RequestSpan['end']>[0]): void {
  if (!span.isRecording()) return
  span.updateName(route === undefined ? method : `${method} ${route}`)
  // Not the URL: it holds a user ID.
  span.setAttributes({
    'http.request.method': method,
    'http.response.status_code': status,
    'wallet.request_id': requestID,
    ...(route !== undefined && { 'http.route': route }),
  })
  if (status >= 500) span.setStatus({ code: SpanStatusCode.ERROR })
  span.end()
}

async function untilDone<Result>(span: Span, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work()
  } catch (error) {
    span.setStatus({ code: SpanStatusCode.ERROR, message: error instanceof Error ? error.message : String(error) })
    throw error
  } finally {
    span.end()
  }
}
