import type { Resource } from '@opentelemetry/resources'
import { BasicTracerProvider, BatchSpanProcessor } from '@opentelemetry/sdk-trace-base'
import type { OTLPProtocol } from '../../ports/telemetry.ts'

/** A span that is linked with a whole batch: `BATCH_MAX` goes no further. OpenTelemetry's own limit is 128. */
const MAX_LINKS = 4096

/** What makes and sends spans. Everything that the `OTEL_*` variables say, the SDK reads by itself. */
export async function createProvider(protocol: OTLPProtocol, resource: Resource): Promise<BasicTracerProvider> {
  const { OTLPTraceExporter } =
    protocol === 'http/json'
      ? await import('@opentelemetry/exporter-trace-otlp-http')
      : await import('@opentelemetry/exporter-trace-otlp-proto')
  return new BasicTracerProvider({
    resource,
    spanProcessors: [new BatchSpanProcessor(new OTLPTraceExporter())],
    ...(process.env.OTEL_SPAN_LINK_COUNT_LIMIT === undefined && { spanLimits: { linkCountLimit: MAX_LINKS } }),
  })
}
