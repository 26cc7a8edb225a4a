import { DiagLogLevel, diag } from '@opentelemetry/api'
import { setGlobalErrorHandler } from '@opentelemetry/core'
import { defaultResource, detectResources, envDetector, resourceFromAttributes } from '@opentelemetry/resources'
import { BasicTracerProvider, BatchSpanProcessor } from '@opentelemetry/sdk-trace-base'

export interface ProviderOptions {
  /** OTLP over HTTP, in one of its two forms. */
  readonly protocol: 'http/protobuf' | 'http/json'
  readonly version: string
  /** Is told what is wrong with the settings or the collector, once a minute at most. */
  readonly onProblem: (message: string) => void
}

/** A span that is linked with a whole batch: `BATCH_MAX` goes no further. OpenTelemetry's own limit is 128. */
const MAX_LINKS = 4096
const SAY_AGAIN_MS = 60_000

/** What makes and sends spans. Everything that the `OTEL_*` variables say, the SDK reads by itself. */
export async function createProvider({ protocol, version, onProblem }: ProviderOptions): Promise<BasicTracerProvider> {
  const say = sayNowAndThen(onProblem)
  const sayAll = (...parts: unknown[]) => say(parts.filter((part) => typeof part === 'string').join(': '))
  const ignore = () => {}
  diag.setLogger(
    { error: sayAll, warn: sayAll, info: ignore, debug: ignore, verbose: ignore },
    { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true },
  )
  setGlobalErrorHandler((error) => say(typeof error === 'string' ? error : (error.message ?? error.name ?? 'unknown')))
  const { OTLPTraceExporter } =
    protocol === 'http/json'
      ? await import('@opentelemetry/exporter-trace-otlp-http')
      : await import('@opentelemetry/exporter-trace-otlp-proto')
  return new BasicTracerProvider({
    resource: defaultResource()
      .merge(resourceFromAttributes({ 'service.name': 'wallet-service', 'service.version': version }))
      .merge(detectResources({ detectors: [envDetector] })),
    spanProcessors: [new BatchSpanProcessor(new OTLPTraceExporter())],
    ...(process.env.OTEL_SPAN_LINK_COUNT_LIMIT === undefined && { spanLimits: { linkCountLimit: MAX_LINKS } }),
  })
}

/** A collector that is down fails every few seconds: that is worth a line, not a line each time. */
function sayNowAndThen(onProblem: (message: string) => void): (message: string) => void {
  let saidAt = Number.NEGATIVE_INFINITY
  return (message) => {
    if (performance.now() - saidAt < SAY_AGAIN_MS) return
    saidAt = performance.now()
    onProblem(message)
  }
}
