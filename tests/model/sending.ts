import type { HistoryQuery } from '../../src/domain/history.ts'
import { typeOf } from '../../src/domain/movement.ts'
import type { Answer, Send } from '../support/http/http.ts'
import { createWalletClient, walletPath } from '../support/http/wallet-client.ts'
import { type Call, type Move, resultsOf, type WireAnswer } from './calls.ts'

/**
 * Sends what a step asks in one request: a call, or the items of a list that is not atomic.
 *
 * @returns an answer to each call; `undefined` where there was none.
 */
export async function send(service: Send, calls: readonly Call[]): Promise<readonly (WireAnswer | undefined)[]> {
  const [first] = calls
  if (first === undefined) throw new RangeError('there is nothing to send')
  const isItem = first.kind === 'move' && first.inList !== undefined
  const answer = await (isItem ? sendList(service, movesIn(calls), false) : sendOne(service, first)).catch(
    () => undefined,
  )
  const wire = answer && toWire(answer)
  if (!isItem || wire === undefined || wire.status !== 200) return calls.map(() => wire)
  const results = resultsOf(wire)
  return calls.map((_, index) => results[index])
}

function movesIn(calls: readonly Call[]): readonly Move[] {
  return calls.filter((call) => call.kind === 'move')
}

function toWire({ status, headers, body }: Answer): WireAnswer {
  return { status, replayed: headers['idempotent-replayed'] === 'true', body }
}

function sendOne(service: Send, call: Call): Promise<Answer> {
  const client = createWalletClient(service)
  switch (call.kind) {
    case 'open':
      return client.open(call.userID)
    case 'wallet':
      return client.wallet(call.userID)
    case 'state':
      return client.setState(call.userID, call.state)
    case 'status':
      return client.status(call.userID, call.id.transactionID)
    case 'history':
      return client.history(call.query.userID, queryString(call.query))
    case 'move':
      return sendMove(service, call)
    case 'atomic':
      return sendList(service, call.moves, true)
    default:
      return call satisfies never
  }
}

function sendMove(service: Send, move: Move): Promise<Answer> {
  const { userID, movement, ifVersion } = move
  return service({
    ...{ method: 'PUT', path: `${walletPath(userID)}/${movement.kind}`, body: bodyOf(move) },
    ...(ifVersion !== undefined && { headers: { 'if-match': `"${ifVersion}"` } }),
  })
}

function sendList(service: Send, moves: readonly Move[], atomic: boolean): Promise<Answer> {
  const items = moves.map((move) => ({
    ...{ userID: move.userID, type: typeOf(move.movement), ...bodyOf(move) },
    ...(move.ifVersion !== undefined && { ifVersion: Number(move.ifVersion) }),
  }))
  return createWalletClient(service).list(items, { atomic })
}

function bodyOf({ id, movement }: Move): object {
  const { amount, passiveUserID, note } = movement
  return {
    ...{ amount: Number(amount), transactionID: id.transactionID },
    ...(passiveUserID !== null && { passiveUserID }),
    ...(note?.reference !== undefined && { reference: note.reference }),
    ...(note?.metadata !== undefined && { metadata: JSON.parse(note.metadata) }),
  }
}

function queryString({ limit, idBefore, types = [], reference }: HistoryQuery): string {
  const parameters = new URLSearchParams({ limit: String(limit) })
  if (idBefore !== undefined) parameters.set('IDBefore', String(idBefore))
  if (reference !== undefined) parameters.set('reference', reference)
  for (const type of types) parameters.append('type', String(type))
  return `?${parameters}`
}
