import { parse } from 'node:querystring'
import type { Body } from '../support/http/http.ts'
import type { ContractCode } from '../support/http/problem.ts'
import { maxBodyBytes } from './body-bounds.ts'
import {
  decoded,
  exactAmount,
  isInstant,
  isInteger,
  isKept,
  isReference,
  isTransactionID,
  isUserID,
  type Members,
  membersOf,
  START_CURSOR,
  textIn,
} from './contract-values.ts'
import type { Operation } from './document.ts'
import { judgeItems, judgeMovement, unlessOwner } from './judge-movements.ts'
import { headerOf, type Message, pathOf } from './message.ts'
import type { IssuedIDs } from './transaction-ids.ts'

/** What the contract lets a request be answered with. */
export interface Verdict {
  readonly problems: readonly ContractCode[]
  /** `undefined` if the request must not succeed. */
  readonly success?: { readonly statuses: readonly number[]; readonly says: Body }
  /** Of a list: of each item, and whether all of them are executed or none. */
  readonly items?: readonly Verdict[]
  readonly atomic?: boolean
  /** The operation that was asked for, if there is one. */
  readonly operation?: Operation
}

/** What a request asks of an operation, decoded, with what could not be decoded left out. */
interface Asked {
  readonly userID: string
  readonly transactionID: string
  readonly query: Readonly<Record<string, string | string[] | undefined>>
  /** `undefined` if there is a body and it is no JSON object. */
  readonly members: Members | undefined
  readonly header: (name: string) => string | undefined
}

export interface Known {
  readonly ids: IssuedIDs
  /** Users who surely have a wallet. */
  readonly owners: ReadonlySet<string>
}

const PROBE_BYTES = 16 * 1024
const MAX_TYPES = 16
/** It does not describe itself. */
const DOCUMENT = '/openapi.json'
/** These take whatever query is sent with them, and so does the document. */
const PROBES = ['getLiveness', 'getReadiness']
const MAX_ISSUED = 1000n
const STATES: readonly unknown[] = ['open', 'frozen', 'closed']
/** As `ETag` writes a version. */
const VERSION = /^(0|[1-9]\d{0,15})$/
const VERSION_TAG = /^"(0|[1-9]\d{0,15})"$/

function only(code: ContractCode, operation?: Operation): Verdict {
  return { problems: [code], ...(operation && { operation }) }
}

/** Judges requests by the contract, in its order of precedence. */
export function createJudge(operations: readonly Operation[], known: Known): (message: Message) => Verdict {
  return (message) => {
    const path = pathOf(message.target)
    const method = message.method === 'HEAD' ? 'GET' : message.method
    const bytes = lengthOf(message)
    if (path === DOCUMENT) return judgeDocument(method, bytes)
    const there = operations.filter((operation) => parametersOf(operation, path) !== undefined)
    if (there.length === 0) return only('ROUTE_NOT_FOUND')
    const operation = there.find((each) => each.method === method)
    if (operation === undefined) return only('METHOD_NOT_ALLOWED')
    if (bytes > maxBodyBytes(operation)) return only('BODY_TOO_LARGE', operation)
    if (PROBES.includes(operation.id)) return { ...succeeds([200], {}), operation }
    return { ...judgeOperation(operation, path, message), operation }
  }

  function judgeOperation(operation: Operation, path: string, message: Message): Verdict {
    const readsBody = operation.method !== 'GET'
    if (readsBody && !isPlainJSON(message)) return only('UNSUPPORTED_MEDIA_TYPE')
    const asked = askedOf(operation, path, message)
    const rule = asked === undefined || (readsBody && asked.members === undefined) ? undefined : RULES[operation.id]
    return (asked && rule?.(asked, known)) ?? only('INVALID_REQUEST')
  }
}

function lengthOf({ body }: Message): number {
  return body?.length ?? 0
}

function judgeDocument(method: string, bytes: number): Verdict {
  if (method !== 'GET') return only('METHOD_NOT_ALLOWED')
  return bytes > PROBE_BYTES ? only('BODY_TOO_LARGE') : succeeds([200], {})
}

/** The path's parameters as they are written; a path that cannot be decoded is compared as it stands. */
function parametersOf(operation: Operation, path: string): ReadonlyMap<string, string> | undefined {
  const template = operation.path.split('/')
  const segments = path.split('/')
  if (template.length !== segments.length) return undefined
  const literal = decoded(path) === undefined ? (text: string) => text : decoded
  const parameters = new Map<string, string>()
  for (const [index, part] of template.entries()) {
    const segment = segments[index] ?? ''
    if (part.startsWith('{')) parameters.set(part.slice(1, -1), segment)
    else if (literal(segment) !== part) return undefined
  }
  return parameters
}

/** No body needs no type, and may have any; nor does its encoding matter. */
function isPlainJSON(message: Message): boolean {
  const { contentType, contentEncoding = 'identity' } = message
  if (lengthOf(message) === 0) return true
  const isJSON = contentType?.split(';', 1)[0]?.trim().toLowerCase() === 'application/json'
  return isJSON && contentEncoding.toLowerCase() === 'identity'
}

function askedOf(operation: Operation, path: string, message: Message): Asked | undefined {
  const { target, body } = message
  const parameters = parametersOf(operation, path)
  const userID = decoded(parameters?.get('userID') ?? '')
  const transactionID = decoded(parameters?.get('transactionID') ?? '')
  const whole = decoded(path)
  if (whole === undefined || userID === undefined || transactionID === undefined) return undefined
  if (parameters?.has('userID') === true && !isUserID(userID)) return undefined
  return {
    ...{ userID, transactionID },
    query: parse(target.slice(path.length + 1), '&', '=', { maxKeys: 0 }),
    members: body === undefined || body.length === 0 ? new Map() : membersOf(body),
    header: (name) => headerOf(message, name),
  }
}

type Rule = (asked: Asked, known: Known) => Verdict | undefined

function succeeds(statuses: readonly number[], says: Body, ...problems: ContractCode[]): Verdict {
  return { problems, success: { statuses, says } }
}

function asksNothingElse({ query, members }: Asked): boolean {
  return Object.keys(query).length === 0 && members?.size === 0
}

/** `undefined`: the request is malformed. */
const RULES: Readonly<Record<string, Rule>> = {
  openWallet: (asked) => (asksNothingElse(asked) ? succeeds([200, 201], { userID: asked.userID }) : undefined),
  issueTransactionID: (asked) => (asksNothingElse(asked) ? succeeds([201], {}) : undefined),
  issueTransactionIDs({ query, members = new Map() }) {
    const count = exactAmount(members.get('count'))
    const fits = count !== undefined && count <= MAX_ISSUED && members.size === 1
    return fits && hasNoQuery(query) ? succeeds([201], {}) : undefined
  },
  getWallet({ userID, query, header }, { owners }) {
    const statuses = header('if-none-match') === undefined ? [200] : [200, 304]
    if (!isVersionMin(header)) return undefined
    if (hasNoQuery(query)) return succeeds(statuses, { userID }, ...unlessOwner(userID, owners))
    const { at, ...more } = query
    if (typeof at !== 'string' || !isInstant(at) || !hasNoQuery(more)) return undefined
    // At that moment the wallet may not have been there, and the moment may not be over.
    return succeeds([200], { userID }, 'WALLET_NOT_FOUND', 'INVALID_REQUEST')
  },
  getStatement({ userID, query }, { owners }) {
    const { from, to, ...more } = query
    if (typeof from !== 'string' || typeof to !== 'string' || !hasNoQuery(more)) return undefined
    if (!isInstant(from) || !isInstant(to)) return undefined
    // Their order is a matter of the other tests.
    return succeeds([200], { userID }, ...unlessOwner(userID, owners), 'INVALID_REQUEST')
  },
  setWalletState({ userID, query, members = new Map() }, { owners }) {
    const state = textIn(members.get('state'))
    const reason = textIn(members.get('reason'))
    if (!hasNoQuery(query) || members.size !== 2 || !STATES.includes(state)) return undefined
    if (reason === undefined || !isKept(reason, 1, 200)) return undefined
    const says = { userID, state: state === 'open' ? undefined : state }
    const whenClosed: ContractCode[] = state === 'closed' ? ['WALLET_NOT_EMPTY'] : []
    return succeeds([200], says, ...unlessOwner(userID, owners), ...whenClosed)
  },
  submitList({ query, members = new Map() }, known) {
    const items = hasNoQuery(query) ? judgeItems(members, known) : undefined
    return items && { ...succeeds([200], {}), ...items }
  },
  getTransactionIDStatus({ userID, transactionID, query }, { ids }) {
    if (!hasNoQuery(query) || !isTransactionID(transactionID)) return undefined
    const unknown = ids.standing(transactionID, userID) === 'unknown'
    return unknown ? only('TRANSACTION_ID_UNKNOWN') : succeeds([200], { transactionID })
  },
  listTransactions: ({ userID, query, header }, { owners }) =>
    isHistoryQuery(query) && isVersionMin(header) ? succeeds([200], {}, ...unlessOwner(userID, owners)) : undefined,
  readFeed: ({ query }) => (isFeedQuery(query) ? succeeds([200], {}) : undefined),
  deposit: movementRule('deposit'),
  withdraw: movementRule('withdraw'),
  transfer: movementRule('transfer'),
}

function movementRule(kind: 'deposit' | 'withdraw' | 'transfer'): Rule {
  return ({ userID, query, members = new Map(), header }, known) => {
    const condition = header('if-match')
    if (!hasNoQuery(query) || (condition !== undefined && !VERSION_TAG.test(condition))) return undefined
    return judgeMovement({ kind, userID, members }, known)
  }
}

function isVersionMin(header: Asked['header']): boolean {
  const version = header('wallet-version-min')
  return version === undefined || VERSION.test(version)
}

function hasNoQuery(query: Asked['query']): boolean {
  return Object.keys(query).length === 0
}

function isFeedQuery(query: Asked['query']): boolean {
  return Object.entries(query).every(([name, value = []]) => {
    const values = [value].flat()
    const [first = ''] = values
    if (values.length > 1) return false
    if (name === 'after') return first === START_CURSOR
    if (name === 'limit') return isInteger(first, 1000n)
    if (name === 'wait') return first === '0' || isInteger(first, 30n)
    if (name === 'userID') return isUserID(first)
    return name === 'reference' && isReference(first)
  })
}

function isHistoryQuery(query: Asked['query']): boolean {
  return Object.entries(query).every(([name, value = []]) => {
    const values = [value].flat()
    const [first = ''] = values
    if (name === 'type') return values.length <= MAX_TYPES && values.every((each) => /^[1-4]$/.test(each))
    if (values.length > 1) return false
    if (name === 'limit') return isInteger(first, 1000n)
    if (name === 'IDBefore') return isInteger(first)
    if (name === 'reference') return isReference(first)
    return ['createdBefore', 'createdAfter', 'createdFrom'].includes(name) && isInstant(first)
  })
}
