import { isDeepStrictEqual } from 'node:util'
import type { Answer, Body } from '../support/http/http.ts'
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
  // 304: there is nothing to look at.
  if (answer.status >= 300) return operation?.complaint(answer)
  return (
    complaintOfFields(success?.says ?? {}, answer.body) ??
    complaintOfResults(verdict, answer) ??
    operation?.complaint(answer)
  )
}

function complaintOfFields(says: Body, body: Body): string | undefined {
  const wrong = Object.entries(says).find(([field, value]) => !isDeepStrictEqual(body[field], value))
  return wrong && `its ${wrong[0]} is ${JSON.stringify(body[wrong[0]])}, not ${JSON.stringify(wrong[1])}`
}

/** A list has a result for each item, each as the item alone would have been answered. */
function complaintOfResults({ items, atomic }: Verdict, { body: { results }, headers }: Answer): string | undefined {
  if (items === undefined) return undefined
  if (!Array.isArray(results) || results.length !== items.length) return `it has not ${items.length} results`
  const executed = results.filter(({ status }) => status === 200)
  if (atomic === true && executed.length < items.length && executed.some(({ replayed }) => !replayed))
    return 'a part of an atomic list was executed'
  for (const [index, item] of items.entries()) {
    const { status, replayed, transaction, problem } = results[index]
    const wrong =
      status === 200
        ? complaintOfFields(item.success?.says ?? { id: 'nothing' }, transaction)
        : complaintOfResult(item, status, problem, replayed ? undefined : headers['x-request-id'])
    if (wrong !== undefined) return `of result ${index} ${wrong}`
  }
  return undefined
}

function complaintOfResult(
  { problems }: Verdict,
  status: unknown,
  problem: Body,
  ownID: string | undefined,
): string | undefined {
  const code = problems.find((each) => each === problem.code)
  if (code === undefined) return `its code is ${problem.code}, the contract has ${problems.join(' or ')}`
  const [codeStatus, title] = CONTRACT_ERRORS[code]
  if (status !== codeStatus || problem.status !== codeStatus || problem.title !== title)
    return `it is ${code} as a ${status}`
  return ownID === undefined || problem.instance === ownID ? undefined : 'it does not name its request'
}

/** The movements that an answer says were executed, now or earlier. */
export function movementsIn({ status, body, text }: Answer): readonly { readonly text: string; readonly body: Body }[] {
  if (status !== 200) return []
  if ('amount' in body) return [{ text, body }]
  const { results } = body
  if (!Array.isArray(results)) return []
  return results.flatMap(({ transaction }) =>
    transaction === undefined ? [] : { text: JSON.stringify(transaction), body: transaction },
  )
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
