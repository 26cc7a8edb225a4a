import { OTLPExporterBase } from '@opentelemetry/otlp-exporter-base'
import { convertLegacyHttpOptions, createOtlpHttpExportDelegate } from '@opentelemetry/otlp-exporter-base/node-http'
import {
  JsonMetricsSerializer,
  MetricsExporterMetricsHelper,
  ProtobufMetricsSerializer,
} from '@opentelemetry/otlp-transformer'
import type { Resource } from '@opentelemetry/resources'
import { MeterProvider, PeriodicExportingMetricReader, type ResourceMetrics } from '@opentelemetry/sdk-metrics'
import type { MetricsSetting, OTLPProtocol, ReadFamilies } from '../../ports/telemetry.ts'
import { createProducer } from './producer.ts'

const SERIALIZERS = {
  'http/protobuf': { type: 'application/x-protobuf', serializer: ProtobufMetricsSerializer },
  'http/json': { type: 'application/json', serializer: JsonMetricsSerializer },
}

/** Sends the figures from now on, and once more when it is shut down. */
export function sendMetrics(
  { protocol, intervalMs, timeoutMs }: MetricsSetting,
  resource: Resource,
  read: ReadFamilies,
  version: string,
): MeterProvider {
  const reader = new PeriodicExportingMetricReader({
    exporter: createExporter(protocol),
    exportIntervalMillis: intervalMs,
    exportTimeoutMillis: timeoutMs,
    metricProducers: [createProducer(read, version)],
  })
  return new MeterProvider({ resource, readers: [reader] })
}

/** Where to, with which headers, and how long it may take, it reads in the environment by itself. */
function createExporter(protocol: OTLPProtocol): OTLPExporterBase<ResourceMetrics> {
  const { type, serializer } = SERIALIZERS[protocol]
  const options = convertLegacyHttpOptions({}, 'METRICS', 'v1/metrics', { 'Content-Type': type })
  return new OTLPExporterBase(
    createOtlpHttpExportDelegate(
      options,
      serializer,
      'otlp_http_metric_exporter',
      MetricsExporterMetricsHelper,
      undefined,
    ),
  )
}
