import type { ContractCode } from '../support/http/problem.ts'
import {
  exactAmount,
  exactVersion,
  isReference,
  isTransactionID,
  isUserID,
  type JSONValue,
  type Members,
  metadataIn,
  textIn,
} from './contract-values.ts'
import type { Known, Verdict } from './judge.ts'

/** A movement as it is asked for, in a request of its own or in a list. */
interface AskedMovement {
  readonly kind: Kind
  readonly userID: string
  readonly members: Members
}

type Kind = 'deposit' | 'withdraw' | 'transfer'

const TYPES = { deposit: 1, withdraw: 2, transfer: 4 } as const
const MAX_ITEMS = 1000
const NOTE = ['metadata', 'reference']

/** What may be said of each kind, beside what may be of all. */
const REFUSALS: Readonly<Record<Kind, readonly ContractCode[]>> = {
  deposit: ['BALANCE_LIMIT_EXCEEDED'],
  withdraw: ['WALLET_FROZEN', 'INSUFFICIENT_BALANCE'],
  transfer: [
    ...(['WALLET_FROZEN', 'PASSIVE_WALLET_CLOSED', 'PASSIVE_WALLET_NOT_FOUND'] as const),
    ...(['INSUFFICIENT_BALANCE', 'BALANCE_LIMIT_EXCEEDED'] as const),
  ],
}

export function unlessOwner(userID: string, owners: ReadonlySet<string>): ContractCode[] {
  return owners.has(userID) ? [] : ['WALLET_NOT_FOUND']
}

/** `undefined`: the movement is malformed. */
export function judgeMovement(asked: AskedMovement, { ids, owners }: Known): Verdict | undefined {
  const { kind, userID, members } = asked
  const required = kind === 'transfer' ? ['amount', 'passiveUserID', 'transactionID'] : ['amount', 'transactionID']
  const names = [...members.keys()].filter((name) => !NOTE.includes(name))
  if (names.sort().join() !== required.join()) return undefined
  const transactionID = textIn(members.get('transactionID'))
  const passiveUserID = textIn(members.get('passiveUserID'))
  const amount = exactAmount(members.get('amount'))
  const note = noteIn(members)
  if (amount === undefined || note === undefined) return undefined
  if (transactionID === undefined || !isTransactionID(transactionID)) return undefined
  if (kind === 'transfer' && (passiveUserID === undefined || !isUserID(passiveUserID))) return undefined
  if (passiveUserID === userID) return { problems: ['SELF_TRANSFER'] }
  switch (ids.standing(transactionID, userID)) {
    case 'unknown':
      return { problems: ['TRANSACTION_ID_UNKNOWN'] }
    case 'expired':
      return { problems: ['TRANSACTION_ID_EXPIRED', 'TRANSACTION_ID_REUSED'] }
    default: {
      const who = { userID, passiveUserID: passiveUserID ?? null }
      const says = { ...who, transactionID, amount: Number(amount), type: TYPES[kind], ...note }
      // The condition of an earlier request with this ID may be why it was refused.
      const problems = [
        ...(['TRANSACTION_ID_REUSED', 'WALLET_CLOSED', 'VERSION_MISMATCH'] as const),
        ...[...unlessOwner(userID, owners), ...REFUSALS[kind]],
      ]
      return { problems, success: { statuses: [200], says } }
    }
  }
}

/** What is said of a movement with such a note; `undefined` if a part of it is malformed. */
function noteIn(members: Members): { readonly reference: unknown; readonly metadata: unknown } | undefined {
  const [json, fields] = [members.get('reference'), members.get('metadata')]
  const reference = textIn(json)
  const metadata = fields === undefined ? {} : metadataIn(fields)
  if ((json !== undefined && (reference === undefined || !isReference(reference))) || metadata === undefined)
    return undefined
  return { reference, metadata: Object.keys(metadata).length === 0 ? undefined : metadata }
}

/** A verdict on each item of a list; `undefined`: the list is malformed. */
export function judgeItems(
  members: Members,
  known: Known,
): { readonly items: readonly Verdict[]; readonly atomic: boolean } | undefined {
  const list = members.get('transactions')
  const atomic = members.get('atomic') ?? 'false'
  const names = [...members.keys()].filter((name) => name !== 'atomic')
  if (names.join() !== 'transactions' || !Array.isArray(list) || (atomic !== 'true' && atomic !== 'false'))
    return undefined
  if (list.length < 1 || list.length > MAX_ITEMS) return undefined
  const items = list.map((item: JSONValue) => judgeItem(item, known))
  if (items.includes(undefined)) return undefined
  const verdicts = items.filter((item) => item !== undefined)
  return atomic === 'true'
    ? { atomic: true, items: verdicts.map((each) => ({ ...each, problems: [...each.problems, 'NOT_EXECUTED'] })) }
    : { atomic: false, items: verdicts }
}

function judgeItem(item: JSONValue, known: Known): Verdict | undefined {
  if (!(item instanceof Map)) return undefined
  const members = new Map<string, JSONValue>(item)
  const userID = textIn(members.get('userID'))
  const type = exactAmount(members.get('type'))
  const kind = (['deposit', 'withdraw', 'transfer'] as const).find((each) => BigInt(TYPES[each]) === type)
  const condition = members.get('ifVersion')
  if (userID === undefined || !isUserID(userID) || kind === undefined) return undefined
  if (condition !== undefined && exactVersion(condition) === undefined) return undefined
  for (const name of ['userID', 'type', 'ifVersion']) members.delete(name)
  return judgeMovement({ kind, userID, members }, known)
}
