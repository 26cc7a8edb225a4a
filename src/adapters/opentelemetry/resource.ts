import { randomUUID } from 'node:crypto'
import {
  defaultResource,
  detectResources,
  envDetector,
  type Resource,
  resourceFromAttributes,
} from '@opentelemetry/resources'

/**
 * Who sends; what `OTEL_SERVICE_NAME` and `OTEL_RESOURCE_ATTRIBUTES` say goes first. Each process is an instance of its own, since
 * its counters are: a worker adds its number, `worker`, to a name that all of them were given.
 */
export function createResource(version: string, worker: number | undefined): Resource {
  const resource = defaultResource()
    .merge(
      resourceFromAttributes({
        'service.name': 'wallet-service',
        'service.version': version,
        'service.instance.id': randomUUID(),
        'process.pid': process.pid,
        'process.runtime.name': 'nodejs',
        'process.runtime.version': process.versions.node,
      }),
    )
    .merge(detectResources({ detectors: [envDetector] }))
  if (worker === undefined) return resource
  const given = resource.attributes['service.instance.id']
  return resource.merge(resourceFromAttributes({ 'service.instance.id': `${given}-${worker}` }))
}
