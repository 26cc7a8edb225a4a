import { once } from 'node:events'
import { createServer } from 'node:http'
import type { Test } from 'tap'

/** A span as OTLP's JSON has it, as far as the tests look. */
export interface CollectedSpan {
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId: string | undefined
  readonly name: string
  readonly links: readonly { readonly traceId: string; readonly spanId: string }[]
  readonly attributes: Readonly<Record<string, unknown>>
  readonly failed: boolean
}

/** A point of a metric as OTLP's JSON has it, with who sent it. */
export interface CollectedPoint {
  readonly name: string
  readonly attributes: Readonly<Record<string, unknown>>
  /** Of a histogram the count. */
  readonly value: number
  readonly resource: Readonly<Record<string, unknown>>
}

export interface Collector {
  readonly url: string
  /** All that was received so far. */
  spans(): readonly CollectedSpan[]
  /** Each export of figures so far, the oldest first. */
  exports(): readonly (readonly CollectedPoint[])[]
  /** Of who sent them. */
  readonly resource: () => Readonly<Record<string, unknown>>
  readonly contentTypes: ReadonlySet<string | undefined>
}

interface KeyValue {
  readonly key: string
  readonly value: Readonly<Record<string, unknown>>
}

interface RawSpan extends Omit<CollectedSpan, 'attributes' | 'links' | 'failed'> {
  readonly attributes?: readonly KeyValue[]
  readonly links?: CollectedSpan['links']
  readonly status?: { readonly code?: number }
}

interface ExportRequest {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: readonly KeyValue[] }
    readonly scopeSpans: readonly { readonly spans: readonly RawSpan[] }[]
  }[]
}

interface RawPoint {
  readonly attributes?: readonly KeyValue[]
  readonly asDouble?: number
  readonly asInt?: number
  readonly count?: number | string
}

interface RawPoints {
  readonly dataPoints: readonly RawPoint[]
}

interface RawMetric {
  readonly name: string
  readonly sum?: RawPoints
  readonly gauge?: RawPoints
  readonly histogram?: RawPoints
}

interface MetricsRequest {
  readonly resourceMetrics: readonly {
    readonly resource: { readonly attributes: readonly KeyValue[] }
    readonly scopeMetrics: readonly { readonly metrics: readonly RawMetric[] }[]
  }[]
}

const ERROR = 2

/** Receives traces and figures by OTLP over HTTP, in JSON; what comes otherwise is taken and not read. Gone when the test is over. */
export async function startCollector(t: Test): Promise<Collector> {
  const spans: CollectedSpan[] = []
  const contentTypes = new Set<string | undefined>()
  const exports: CollectedPoint[][] = []
  let resource: Record<string, unknown> = {}
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    contentTypes.add(request.headers['content-type'])
    if (request.url === '/v1/traces' && request.headers['content-type'] === 'application/json') {
      const { resourceSpans }: ExportRequest = JSON.parse(Buffer.concat(chunks).toString())
      for (const each of resourceSpans) {
        resource = toObject(each.resource.attributes)
        spans.push(...each.scopeSpans.flatMap((scope) => scope.spans.map(toSpan)))
      }
    }
    if (request.url === '/v1/metrics' && request.headers['content-type'] === 'application/json') {
      const { resourceMetrics }: MetricsRequest = JSON.parse(Buffer.concat(chunks).toString())
      exports.push(
        resourceMetrics.flatMap((each) =>
          each.scopeMetrics.flatMap(({ metrics }) =>
            metrics.flatMap((metric) => toPoints(metric, toObject(each.resource.attributes))),
          ),
        ),
      )
    }
    response.setHeader('content-type', 'application/json').end('{}')
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the collector does not listen on a port')
  return {
    url: `http://127.0.0.1:${address.port}`,
    spans: () => spans,
    exports: () => exports,
    resource: () => resource,
    contentTypes,
  }
}

function toSpan({ traceId, spanId, parentSpanId, name, links = [], attributes = [], status }: RawSpan): CollectedSpan {
  return {
    ...{ traceId, spanId, name, links, failed: status?.code === ERROR, attributes: toObject(attributes) },
    parentSpanId: parentSpanId === '' ? undefined : parentSpanId,
  }
}

function toPoints(metric: RawMetric, resource: CollectedPoint['resource']): CollectedPoint[] {
  const { name } = metric
  return (['sum', 'gauge', 'histogram'] as const).flatMap((kind) =>
    (metric[kind]?.dataPoints ?? []).map((point) => ({
      ...{ name, resource },
      attributes: toObject(point.attributes ?? []),
      value: Number(point.count ?? point.asDouble ?? point.asInt),
    })),
  )
}

function toObject(attributes: readonly KeyValue[]): Record<string, unknown> {
  return Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]))
}
