import type { Command } from '@commander-js/extra-typings'
import type { MovementNote, MovementOptions, Transaction, WalletClient } from '../client/client.ts'
import { describeAmount } from './amounts.ts'
import { explain, type GivenMovement } from './explain.ts'
import { stripControlCharacters } from './output.ts'
import {
  amountArgument,
  ifVersionOption,
  metadataOption,
  referenceOption,
  transactionIDOption,
  userArgument,
} from './parameters.ts'
import { openSession, type Surroundings } from './session.ts'
import { type CallOptions, walletCommand } from './wallet-command.ts'
import { asJSON } from './wire.ts'

export function addMovementCommands(program: Command, surroundings: Surroundings): void {
  movementCommand(program, 'deposit', 'put money into a wallet', ['deposit ann 5usd'])
    .addArgument(userArgument('user', 'whose wallet'))
    .addArgument(amountArgument)
    .action((user, { units, text }, options) => {
      const move: Move = (client, note, call) => client.deposit({ to: user, amount: units, ...note }, call)
      return showMovement(surroundings, 'deposit', [user, text], options, move, 'deposited')
    })
  movementCommand(program, 'withdraw', 'take money out of a wallet', [
    'withdraw bob 0.25usd',
    'withdraw bob 0.25usd --if-version 41',
  ])
    .addArgument(userArgument('user', 'whose wallet'))
    .addArgument(amountArgument)
    .action((user, { units, text }, options) => {
      const move: Move = (client, note, call) => client.withdraw({ from: user, amount: units, ...note }, call)
      return showMovement(surroundings, 'withdraw', [user, text], options, move, 'withdrew')
    })
  movementCommand(program, 'transfer', "move money from a wallet to another user's", [
    'transfer ann bob 1.25usd',
    'transfer ann bob 1250000 --reference order-1042 --metadata channel=web',
  ])
    .addArgument(userArgument('from', 'who pays'))
    .addArgument(userArgument('to', 'who is paid'))
    .addArgument(amountArgument)
    .action((from, to, { units, text }, options) => {
      const move: Move = (client, note, call) => client.transfer({ from, to, amount: units, ...note }, call)
      return showMovement(surroundings, 'transfer', [from, to, text], options, move, 'transferred')
    })
}

function movementCommand(program: Command, name: string, description: string, examples: readonly string[]) {
  return walletCommand(program, name, description, examples)
    .addOption(referenceOption('what it is about, in 1 to 64 characters; the recipient sees it, too'))
    .addOption(metadataOption)
    .addOption(ifVersionOption)
    .addOption(transactionIDOption)
}

type Move = (client: WalletClient, note: MovementNote, call: MovementOptions) => Promise<Transaction>

interface MovementParameters extends CallOptions {
  readonly reference?: string | undefined
  readonly metadata?: readonly (readonly [key: string, value: string])[] | undefined
  readonly ifVersion?: number | undefined
  readonly transactionId?: string | undefined
}

async function showMovement(
  surroundings: Surroundings,
  command: string,
  parameters: readonly string[],
  options: MovementParameters,
  move: Move,
  done: string,
): Promise<void> {
  const session = openSession(options, surroundings)
  const { transactionId: transactionID, json = false } = options
  const given: GivenMovement = { command, options: noteAsGiven(options), parameters, json, transactionID }
  const { signal } = session
  const call = { signal, ...(transactionID && { transactionID }) }
  const transaction = await move(session.client, toNote(options), call).catch((error: unknown) => {
    throw explain(error, session, given)
  })
  // A repetition of our own is nothing to tell, one by the person is.
  const before = transactionID !== undefined && session.replayed()
  await surroundings.print(json ? `${asJSON(transaction)}\n` : `${describeMovement(transaction, done, before)}\n`)
}

function toNote({ reference, metadata, ifVersion }: MovementParameters): MovementNote {
  return {
    ...(reference !== undefined && { reference }),
    ...(metadata !== undefined && { metadata: Object.fromEntries(metadata) }),
    ...(ifVersion !== undefined && { ifVersion }),
  }
}

/** The same options for a command that is shown again. */
function noteAsGiven({ reference, metadata = [], ifVersion }: MovementParameters): readonly string[] {
  return [
    ...(reference === undefined ? [] : ['--reference', reference]),
    ...metadata.flatMap(([key, value]) => ['--metadata', `${key}=${value}`]),
    ...(ifVersion === undefined ? [] : ['--if-version', String(ifVersion)]),
  ]
}

function describeMovement(transaction: Transaction, done: string, before: boolean): string {
  const { userID, amount, balance, passiveUserID, createdAt } = transaction
  const to = passiveUserID === null ? '' : ` to ${stripControlCharacters(passiveUserID)}`
  const when = before ? `once, at ${createdAt}: ` : ''
  const has = before ? 'then had' : 'has'
  return `${when}${done} ${describeAmount(amount)}${to}; ${stripControlCharacters(userID)} ${has} ${describeAmount(balance)}`
}
