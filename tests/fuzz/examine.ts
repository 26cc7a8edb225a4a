import type { Answer } from '../support/http/http.ts'
import { CONTRACT_ERRORS } from '../support/http/problem.ts'
import type { Verdict } from './judge.ts'
import type { Message } from './message.ts'

/** What would tell a stranger of the inside. */
const INSIDE = /node_modules|\.[jt]s:\d|\bat \w+ \(|syntax error|user_wallet_|pg_|ECONN/

/** What is wrong with an answer; `undefined` if nothing is. */
export function complaintOf(message: Message, verdict: Verdict, answer: Answer): string | undefined {
  const { status, headers } = answer
  if (status >= 500) return `it is a ${status}`
  if (headers.connection === 'close') return 'it closes the connection'
  if (headers['x-request-id'] === undefined) return 'it has no request ID'
  if (message.method === 'HEAD') return answer.raw.length > 0 ? 'HEAD has a body' : complaintOfStatus(verdict, status)
  return complaintOfStatus(verdict, status) ?? complaintOfBody(verdict, answer)
}

function complaintOfStatus({ problems, success }: Verdict, status: number): string | undefined {
  const allowed = [...(success?.statuses ?? []), ...problems.map((code) => CONTRACT_ERRORS[code][0])]
  return allowed.includes(status) ? undefined : `it is a ${status}, the contract has ${allowed.join(' or ')}`
}

function complaintOfBody(verdict: Verdict, answer: Answer): string | undefined {
  const { operation, success } = verdict
  if (answer.status >= 400) {
    return complaintOfProblem(verdict, answer) ?? (isOfRoute(answer) ? undefined : operation?.complaint(answer))
  }
  for (const [field, value] of Object.entries(success?.says ?? {}))
    if (answer.body[field] !== value)
      return `its ${field} is ${JSON.stringify(answer.body[field])}, not ${JSON.stringify(value)}`
  return operation?.complaint(answer)
}

/** These two belong to no operation. */
function isOfRoute({ body: { code } }: Answer): boolean {
  return code === 'ROUTE_NOT_FOUND' || code === 'METHOD_NOT_ALLOWED'
}

function complaintOfProblem({ problems }: Verdict, { status, headers, body, text }: Answer): string | undefined {
  const code = problems.find((each) => each === body.code)
  if (code === undefined) return `its code is ${body.code}, the contract has ${problems.join(' or ')}`
  const [codeStatus, title] = CONTRACT_ERRORS[code]
  if (status !== codeStatus || body.status !== codeStatus || body.title !== title) return `it is ${code} as a ${status}`
  if (headers['content-type'] !== 'application/problem+json') return `it is ${headers['content-type']}`
  const own = headers['idempotent-replayed'] === undefined
  if (own && body.instance !== headers['x-request-id']) return 'it does not name its request'
  if (code !== 'INVALID_REQUEST' && 'errors' in body) return 'it has errors'
  return INSIDE.test(text) ? 'it tells of the inside' : undefined
}
