import type { Webhook } from './answers.ts'
import { Failure, usePolled } from './asked.tsx'
import { readWebhook } from './data.ts'
import { Fact } from './fact.tsx'
import { ago, readable } from './times.ts'

const EVERY_MS = 10_000

/** Whether transactions reach the other system that they are posted to. */
export function WebhookState() {
  const asked = usePolled(readWebhook, EVERY_MS)
  if (asked.state === 'waiting') return null
  return (
    <section aria-labelledby="webhook">
      <h2 id="webhook" class="small">
        Webhook
      </h2>
      {asked.state === 'failed' && <Failure error={asked.error} />}
      {asked.state === 'answered' &&
        (asked.value === null ? <p class="quiet">None is set.</p> : <Delivery webhook={asked.value} />)}
    </section>
  )
}

function Delivery({
  webhook: { origin, deliveredAt, failingSince, lastError, behind },
}: {
  readonly webhook: Webhook
}) {
  return (
    <>
      {failingSince === null ? (
        <p class="good">It delivers.</p>
      ) : (
        <p class="failure">
          It has failed since {readable(failingSince)} UTC, {ago(failingSince)}
          {lastError !== null && <>: {lastError}</>}
        </p>
      )}
      <dl class="facts">
        <Fact name="To">{origin}</Fact>
        <Fact name="Last delivery (UTC)">
          {deliveredAt === null ? 'none yet' : `${readable(deliveredAt)}, ${ago(deliveredAt)}`}
        </Fact>
        <Fact name="Behind">{Math.round(behind)} s</Fact>
      </dl>
    </>
  )
}
