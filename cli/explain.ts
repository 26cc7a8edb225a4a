import { type Outcome, WalletProblem, WalletUnsettled } from '../client/client.ts'
import { calledAs, commandLine } from './command-line.ts'
import { EXIT, Failure, Interrupted, Unreachable } from './errors.ts'
import { stripControlCharacters } from './output.ts'
import type { Session } from './session.ts'

/** A movement as it was given, to be given again. */
export interface GivenMovement {
  readonly command: string
  /** What it was given beside the options of every movement. */
  readonly options: readonly string[]
  readonly parameters: readonly string[]
  readonly json: boolean
  /** Set if it was sent before. */
  readonly transactionID: string | undefined
}

/** The answers after which nothing was executed, and no earlier request with the same ID had been. */
const FINAL = [400, 404, 412, 422]

/** They say nothing of the time before, and to send it again would have the same answer. */
const OF_NOW_ONLY = ['TRANSACTION_ID_RETIRED', 'TRANSACTION_ID_UNKNOWN']

/** Makes of what a client threw what a person is told. What is a bug stays what it is. */
export function explain(error: unknown, session: Session, movement?: GivenMovement): unknown {
  if (error instanceof WalletProblem) return explainProblem(error, session, movement)
  if (error instanceof WalletUnsettled) return explainUnsettled(error, session, movement)
  if (error instanceof Interrupted) return new Failure(error.exitCode, 'interrupted.')
  // The client's word for what no request can say.
  if (error instanceof RangeError) return new Failure(EXIT.usage, stripControlCharacters(error.message))
  return error
}

function explainProblem(problem: WalletProblem, session: Session, movement: GivenMovement | undefined): Failure {
  const { code, detail, errors, status, transactionID } = problem
  const fields = errors.map(({ path, message }) => ` ${path}: ${message}.`).join('')
  if (OF_NOW_ONLY.includes(code) && transactionID !== undefined)
    return new Failure(EXIT.unsettled, stripControlCharacters(`${code}: ${detail} Transaction ID: ${transactionID}.`))
  const says = stripControlCharacters(`${code}: ${detail}${fields}${whatToDo(problem, session)}`)
  const sentBefore = movement?.transactionID !== undefined && !FINAL.includes(status)
  if (movement === undefined || transactionID === undefined || (problem.outcome === 'not-executed' && !sentBefore))
    return new Failure(EXIT.no, says)
  return new Failure(EXIT.unsettled, `${says} ${toSendAgain('unknown', transactionID, session, movement)}`)
}

/** What the service's own words leave out, since they are for programs. */
function whatToDo({ code, requestID }: WalletProblem, { url, hasToken }: Session): string {
  switch (code) {
    case 'UNAUTHENTICATED':
      return hasToken ? ' Put another one into WALLET_TOKEN.' : ' Put one into WALLET_TOKEN.'
    case 'WALLET_NOT_FOUND':
    case 'PASSIVE_WALLET_NOT_FOUND':
      return ` To open one: ${calledAs()} open USER`
    case 'SELF_TRANSFER':
      return ' FROM and TO are the same.'
    case 'TRANSACTION_ID_EXPIRED':
      return ' Without --transaction-id that is done for you.'
    case 'ROUTE_NOT_FOUND':
    case 'UNEXPECTED_ANSWER':
      return `${code === 'UNEXPECTED_ANSWER' ? '.' : ''} Is it the wallet service that answers at ${url}?`
    case 'INTERNAL':
      return requestID === undefined ? '' : ` Request ID: ${requestID}.`
    default:
      return ''
  }
}

function explainUnsettled(unsettled: WalletUnsettled, session: Session, movement: GivenMovement | undefined): Failure {
  const { cause } = unsettled
  const { exitCode, says } = whatIsLeft(unsettled, session, movement)
  return new Failure(cause instanceof Interrupted ? cause.exitCode : exitCode, `${whyNoAnswer(cause, session)}${says}`)
}

function whyNoAnswer(cause: unknown, { url, deadlineMs }: Session): string {
  if (cause instanceof Interrupted) return 'interrupted.'
  if (cause instanceof Unreachable)
    return stripControlCharacters(
      `no service answers at ${url} (${cause.message}). Start one with "${calledAs()} start", or say where it is by --url or WALLET_URL.`,
    )
  const last = innermost(cause)
  return stripControlCharacters(
    `no final answer from ${url} within ${deadlineMs / 1000} s${last === '' ? '' : ` (last error: ${last})`}.`,
  )
}

/** What `fetch` has to say stands in the cause of its error. */
function innermost(cause: unknown): string {
  if (!(cause instanceof Error)) return ''
  return innermost(cause.cause) || cause.message
}

function whatIsLeft(unsettled: WalletUnsettled, session: Session, movement: GivenMovement | undefined) {
  const { transactionID } = unsettled
  if (movement === undefined) {
    const maybe = unsettled.outcome === 'unknown'
    const says = maybe ? ' It may have succeeded; repeating it is safe.' : ''
    return { exitCode: maybe ? EXIT.unsettled : EXIT.no, says }
  }
  if (transactionID === undefined) return { exitCode: EXIT.no, says: ' Nothing was moved.' }
  // What is known of this time says nothing of the time before.
  const outcome = movement.transactionID === undefined ? unsettled.outcome : 'unknown'
  const says = ` ${toSendAgain(outcome, transactionID, session, movement)}`
  return { exitCode: outcome === 'unknown' ? EXIT.unsettled : EXIT.no, says }
}

function toSendAgain(outcome: Outcome, transactionID: string, session: Session, movement: GivenMovement): string {
  const { command, parameters, json } = movement
  const options = [
    ...['--transaction-id', transactionID],
    ...movement.options,
    ...(session.urlIsDefault ? [] : ['--url', session.url]),
    ...(json ? ['--json'] : []),
  ]
  const says =
    outcome === 'unknown'
      ? 'It may have been executed. To find out, and to have it done once, send it again:'
      : 'It was not executed. To send it again:'
  return `${says}\n  ${commandLine(command, options, parameters)}`
}
