import type { Command } from '@commander-js/extra-typings'
import type { MovementOptions, Transaction, Wallet, WalletClient } from '../client/client.ts'
import { describeAmount } from './amounts.ts'
import { explain, type GivenMovement } from './explain.ts'
import { stripControlCharacters } from './output.ts'
import {
  amountArgument,
  deadlineOption,
  jsonOption,
  transactionIDOption,
  urlOption,
  userArgument,
} from './parameters.ts'
import { openSession, type Session, type Surroundings } from './session.ts'
import { asJSON } from './wire.ts'

interface CallOptions {
  readonly url?: string | undefined
  readonly deadline: number
  readonly json?: true | undefined
}

export function addWalletCommands(program: Command, surroundings: Surroundings): void {
  walletCommand(program, 'open', "open a user's wallet (idempotent)", ['open ann'])
    .addArgument(userArgument('user', 'whose wallet'))
    .action((user, options) => showWallet(surroundings, options, ({ client, signal }) => client.open(user, { signal })))
  walletCommand(program, 'balance', 'show the balance of a wallet', ['balance ann', 'balance ann --json'])
    .addArgument(userArgument('user', 'whose wallet'))
    .action((user, options) =>
      showWallet(surroundings, options, ({ client, signal }) => client.wallet(user, { signal })),
    )
  walletCommand(program, 'deposit', 'put money into a wallet', ['deposit ann 5usd'])
    .addArgument(userArgument('user', 'whose wallet'))
    .addArgument(amountArgument)
    .addOption(transactionIDOption)
    .action((user, { units, text }, options) => {
      const move: Move = (client, call) => client.deposit({ to: user, amount: units }, call)
      return showMovement(surroundings, 'deposit', [user, text], options, move, 'deposited')
    })
  walletCommand(program, 'withdraw', 'take money out of a wallet', ['withdraw bob 0.25usd'])
    .addArgument(userArgument('user', 'whose wallet'))
    .addArgument(amountArgument)
    .addOption(transactionIDOption)
    .action((user, { units, text }, options) => {
      const move: Move = (client, call) => client.withdraw({ from: user, amount: units }, call)
      return showMovement(surroundings, 'withdraw', [user, text], options, move, 'withdrew')
    })
  walletCommand(program, 'transfer', "move money from a wallet to another user's", [
    'transfer ann bob 1.25usd',
    'transfer ann bob 1250000',
  ])
    .addArgument(userArgument('from', 'who pays'))
    .addArgument(userArgument('to', 'who is paid'))
    .addArgument(amountArgument)
    .addOption(transactionIDOption)
    .action((from, to, { units, text }, options) => {
      const move: Move = (client, call) => client.transfer({ from, to, amount: units }, call)
      return showMovement(surroundings, 'transfer', [from, to, text], options, move, 'transferred')
    })
}

/** A command with the options that all commands for wallets have. */
function walletCommand(program: Command, name: string, description: string, examples: readonly string[]) {
  const lines = examples.map((example) => `  npx wallet ${example}`).join('\n')
  return program
    .command(name)
    .description(description)
    .addOption(urlOption)
    .addOption(deadlineOption)
    .addOption(jsonOption)
    .addHelpText('after', `\n${examples.length > 1 ? 'Examples' : 'Example'}:\n${lines}`)
}

async function showWallet(
  surroundings: Surroundings,
  options: CallOptions,
  ask: (session: Session) => Promise<Wallet>,
): Promise<void> {
  const session = openSession(options, surroundings)
  const wallet = await ask(session).catch((error: unknown) => {
    throw explain(error, session)
  })
  const { userID, balance } = wallet
  await surroundings.print(
    options.json ? `${asJSON(wallet)}\n` : `${stripControlCharacters(userID)} has ${describeAmount(balance)}\n`,
  )
}

type Move = (client: WalletClient, call: MovementOptions) => Promise<Transaction>

async function showMovement(
  surroundings: Surroundings,
  command: string,
  parameters: readonly string[],
  options: CallOptions & { readonly transactionId?: string | undefined },
  move: Move,
  done: string,
): Promise<void> {
  const session = openSession(options, surroundings)
  const { transactionId: transactionID, json = false } = options
  const given: GivenMovement = { command, parameters, json, transactionID }
  const { signal } = session
  const transaction = await move(session.client, { signal, ...(transactionID && { transactionID }) }).catch(
    (error: unknown) => {
      throw explain(error, session, given)
    },
  )
  // A repetition of our own is nothing to tell, one by the person is.
  const before = transactionID !== undefined && session.replayed()
  await surroundings.print(json ? `${asJSON(transaction)}\n` : `${describeMovement(transaction, done, before)}\n`)
}

function describeMovement(transaction: Transaction, done: string, before: boolean): string {
  const { userID, amount, balance, passiveUserID, createdAt } = transaction
  const to = passiveUserID === null ? '' : ` to ${stripControlCharacters(passiveUserID)}`
  const when = before ? `once, at ${createdAt}: ` : ''
  const has = before ? 'then had' : 'has'
  return `${when}${done} ${describeAmount(amount)}${to}; ${stripControlCharacters(userID)} ${has} ${describeAmount(balance)}`
}
