import { Amount } from './amount.tsx'
import type { AuditReport } from './answers.ts'
import { Answer, usePolled } from './asked.tsx'
import { findingsOf } from './audit.tsx'
import { readLastAudit } from './data.ts'
import { Fact } from './fact.tsx'
import { Recently } from './live.tsx'
import { linkTo } from './location.ts'
import { Newest } from './newest.tsx'
import { ago, readable } from './times.ts'
import { WebhookState } from './webhook.tsx'

const EVERY_MS = 30_000

/** The first page: how much money there is, whether all is well, and what happens just now. */
export function Overview() {
  return (
    <>
      <div class="pictures">
        <Ledger />
        <WebhookState />
      </div>
      <Recently />
      <Newest />
    </>
  )
}

function Ledger() {
  const asked = usePolled(readLastAudit, EVERY_MS)
  return (
    <section aria-labelledby="ledger">
      <h2 id="ledger" class="small">
        Money in the system
      </h2>
      <Answer asked={asked}>
        {(report) =>
          report === null ? (
            <p class="quiet">
              Not known: no audit has been kept yet. Run <code>npx wallet audit</code>; the service may go on meanwhile.
            </p>
          ) : (
            <Audited report={report} />
          )
        }
      </Answer>
    </section>
  )
}

function Audited({ report }: { readonly report: AuditReport }) {
  const { takenAt, figures } = report
  const findings = findingsOf(report)
  return (
    <>
      <dl class="facts">
        <Fact name="In all wallets">
          <span class="balance">
            <Amount units={figures.held ?? 0} />
          </span>
        </Fact>
        <Fact name="Wallets">{figures.wallets}</Fact>
        <Fact name="Transactions">{figures.transactions}</Fact>
      </dl>
      <p class={findings === 0 ? 'good' : 'failure'}>
        {findings === 0 ? 'The audit found nothing wrong. ' : `The ledger is damaged: ${findings} findings. `}
        <a href={linkTo('audit')}>See the audit</a>
      </p>
      <p class="quiet">
        As of the last audit, at <time dateTime={takenAt}>{readable(takenAt)}</time> UTC, {ago(takenAt)}.
      </p>
    </>
  )
}
