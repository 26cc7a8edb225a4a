import { OTLP_PROTOCOLS, type OTLPProtocol, type OTLPSetting } from '../../ports/telemetry.ts'
import { hidingAll } from './hiding.ts'

/** Reads one variable; an empty value counts as unset. */
type Read = <Value>(
  variable: string,
  fallback: Value,
  expected: string,
  parse: (text: string) => Value | undefined,
  show?: (text: string) => string,
) => Value

const MAX_MS = 24 * 60 * 60 * 1000

/** The `OTEL_*` variables as OpenTelemetry's specification has them: one for a signal goes before the one for all. */
export function readOTLP(read: Read): OTLPSetting {
  const one = <Value extends string>(variable: string, values: readonly Value[], fallback: Value) =>
    read<Value>(variable, fallback, values.join(' or '), (text) => values.find((value) => value === text))
  const milliseconds = (variable: string, fallback: number) =>
    read(variable, fallback, `milliseconds, 1 to ${MAX_MS}`, (text) =>
      /^[1-9]\d{0,7}$/.test(text) && Number(text) <= MAX_MS ? Number(text) : undefined,
    )
  const endpoint = (variable: string) =>
    read<string | undefined>(
      variable,
      undefined,
      'the URL of a collector for OTLP over HTTP, such as http://localhost:4318',
      (text) => (URL.canParse(text) && /^https?:$/.test(new URL(text).protocol) ? text : undefined),
      (text) => (text.includes('@') ? hidingAll(text) : JSON.stringify(text)),
    )

  const forAll = {
    endpoint: endpoint('OTEL_EXPORTER_OTLP_ENDPOINT'),
    protocol: one('OTEL_EXPORTER_OTLP_PROTOCOL', OTLP_PROTOCOLS, 'http/protobuf'),
    // As the specification has it: whatever is not true leaves it on.
    disabled: read('OTEL_SDK_DISABLED', false, 'true or false', (text) => text.toLowerCase() === 'true'),
  }

  function readSignal(signal: 'TRACES' | 'METRICS'): OTLPProtocol | undefined {
    const to = endpoint(`OTEL_EXPORTER_OTLP_${signal}_ENDPOINT`) ?? forAll.endpoint
    const protocol = one(`OTEL_EXPORTER_OTLP_${signal}_PROTOCOL`, OTLP_PROTOCOLS, forAll.protocol)
    const exporter = one(`OTEL_${signal}_EXPORTER`, ['otlp', 'none'], 'otlp')
    return to === undefined || exporter === 'none' || forAll.disabled ? undefined : protocol
  }

  const protocol = readSignal('METRICS')
  const intervalMs = milliseconds('OTEL_METRIC_EXPORT_INTERVAL', 60_000)
  const timeoutMs = Math.min(milliseconds('OTEL_METRIC_EXPORT_TIMEOUT', 30_000), intervalMs)
  // Counters are sent as they stand, since the start: what wants differences takes them from a collector that makes them.
  if (protocol !== undefined) one('OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE', ['cumulative'], 'cumulative')
  return { traces: readSignal('TRACES'), metrics: protocol && { protocol, intervalMs, timeoutMs } }
}
