import { setTimeout as delay } from 'node:timers/promises'
import type { OTLPSetting, ReadFamilies, RequestTracing, Tracing } from '../../ports/telemetry.ts'
import { reportProblems } from './problems.ts'
import { createResource } from './resource.ts'

export interface OpenTelemetryOptions extends OTLPSetting {
  readonly read: ReadFamilies
  readonly version: string
  /** The number of this process among several of one service. */
  readonly worker: number | undefined
  /** Is told what is wrong with the settings or a collector, once a minute at most. */
  readonly onProblem: (message: string) => void
}

export interface OpenTelemetry {
  /** `undefined` if no traces are sent. */
  readonly tracing: (RequestTracing & Tracing) | undefined
  /** Sends what is finished, and the last figures, for `limitMs` at most, and ends. */
  stop(limitMs: number): Promise<void>
}

/** Sends traces and figures by OTLP; loads of the SDK what that takes. */
export async function startOpenTelemetry(options: OpenTelemetryOptions): Promise<OpenTelemetry> {
  const { traces, metrics, read, version, worker, onProblem } = options
  reportProblems(onProblem)
  const resource = createResource(version, worker)
  const sentTraces = traces && (await (await import('./tracing.ts')).sendTraces(traces, resource, version))
  const sentMetrics = metrics && (await import('./metrics.ts')).sendMetrics(metrics, resource, read, version)
  return {
    tracing: sentTraces?.tracing,
    async stop(limitMs) {
      const ended = Promise.allSettled([sentTraces?.shutdown(), sentMetrics?.shutdown()])
      await Promise.race([ended, delay(limitMs, undefined, { ref: false })])
    },
  }
}
