import { Amount } from './amount.tsx'
import type { AuditReport } from './answers.ts'
import { Answer, useAsked } from './asked.tsx'
import { readLastAudit } from './data.ts'
import { Fact } from './fact.tsx'
import { linkTo } from './location.ts'
import { readable } from './times.ts'

const MONEY = ['held', 'deposited', 'withdrawn']
const LABELS: Readonly<Record<string, string>> = {
  wallets: 'Wallets',
  transactions: 'Transactions',
  transfers: 'Transfers',
  transactionIDs: 'Transaction IDs',
  refusals: 'Refusals',
  held: 'In all wallets',
  deposited: 'Deposited',
  withdrawn: 'Withdrawn',
}

/** What the auditor found when it last looked. */
export function Audit() {
  const asked = useAsked(readLastAudit, [])
  return (
    <Answer asked={asked}>
      {(report) =>
        report === null ? (
          <p class="quiet" role="status">
            No result has been kept yet. Run <code>npx wallet audit</code>; it may run while the service does.
          </p>
        ) : (
          <Report report={report} />
        )
      }
    </Answer>
  )
}

export function findingsOf({ checks }: AuditReport): number {
  return checks.reduce((sum, { findings }) => sum + findings, 0)
}

function Report({ report }: { readonly report: AuditReport }) {
  const { takenAt, seconds, figures, checks, findings } = report
  const broken = findingsOf(report)
  return (
    <>
      <p class={broken === 0 ? 'good' : 'failure'} role={broken === 0 ? 'status' : 'alert'}>
        {broken === 0 ? 'All was as it should be' : `The ledger is damaged: ${broken} findings`}, as of{' '}
        {readable(takenAt)} UTC; read in {seconds.toFixed(1)} s.
      </p>
      <dl class="facts">
        {Object.entries(figures).map(([name, value]) => (
          <Fact key={name} name={LABELS[name] ?? name}>
            {MONEY.includes(name) ? <Amount units={value} /> : value}
          </Fact>
        ))}
      </dl>
      <h2>What was checked</h2>
      <ul class="checks">
        {checks.map(({ name, says, findings: count }) => (
          <li key={name} class={count === 0 ? '' : 'broken'}>
            <span aria-hidden="true">{count === 0 ? '✓' : '✗'}</span> {says}
            {count === 0 ? '' : `: ${count} found`}
          </li>
        ))}
      </ul>
      {findings.length > 0 && <Findings findings={findings} />}
    </>
  )
}

function Findings({ findings }: Pick<AuditReport, 'findings'>) {
  return (
    <div class="scroll">
      <table>
        <thead>
          <tr>
            <th scope="col">Check</th>
            <th scope="col">User</th>
            <th scope="col">ID</th>
            <th scope="col">Transaction ID</th>
            <th scope="col">Expected</th>
            <th scope="col">Found</th>
          </tr>
        </thead>
        <tbody>
          {findings.map(({ check, userID, id, transactionID, expected, found }, index) => (
            <tr key={index}>
              <td>{check}</td>
              <td class="user">{userID !== null && <a href={linkTo('wallets', userID)}>{userID}</a>}</td>
              <td>{id}</td>
              <td class="code">
                {transactionID !== null && <a href={linkTo('transactions', transactionID)}>{transactionID}</a>}
              </td>
              <td>{expected}</td>
              <td>{found}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}
