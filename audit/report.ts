import type { AuditReport, Finding } from './audit.ts'

/** The report for people: a line for each check, what is wrong below it, and what was looked at. */
export function describeReport({ takenAt, seconds, figures, checks, findings }: AuditReport): string {
  const lines: string[] = []
  for (const { name, says, findings: total } of checks) {
    lines.push(total === 0 ? `✓ ${says}` : `✗ ${says}: ${number(total)} found`)
    const named = findings.filter(({ check }) => check === name)
    lines.push(...named.map((finding) => `    ${describeFinding(finding)}`))
    if (total > named.length) lines.push(`    … and ${number(total - named.length)} more`)
  }
  const { wallets, transactions, transfers, transactionIDs, refusals, held, deposited, withdrawn } = figures
  lines.push(
    '',
    `${number(wallets)} wallets, ${number(transactions)} transactions (${number(transfers)} transfers of two each), ${number(refusals)} refusals, ${number(transactionIDs)} transaction IDs`,
    `${number(held)} units in the system, ${number(deposited)} deposited, ${number(withdrawn)} withdrawn`,
    `as of ${takenAt}, read in ${seconds.toFixed(1)} s: ${findings.length === 0 ? 'no problems found' : 'THE LEDGER IS DAMAGED'}`,
  )
  return `${lines.join('\n')}\n`
}

/** The report for programs. Money is text, since JSON's numbers are not exact beyond 2^53. */
export function reportAsJSON(report: AuditReport): string {
  return `${JSON.stringify(report, (_, value) => (typeof value === 'bigint' ? String(value) : value), 2)}\n`
}

export function describeFinding({ userID, id, transactionID, expected, found }: Finding): string {
  const row = [
    userID === null ? undefined : `user ${JSON.stringify(userID)}`,
    id === null ? undefined : `id ${id}`,
    transactionID === null ? undefined : `transaction ID ${transactionID}`,
  ].filter((part) => part !== undefined)
  // What a damaged ledger holds must not steer the terminal.
  return `${row.join(', ')}${row.length > 0 ? ': ' : ''}expected ${expected}; found ${found}`.replaceAll(
    /\p{Cc}/gu,
    '�',
  )
}

function number(value: number | bigint): string {
  return value.toLocaleString('en').replaceAll(',', ' ')
}
