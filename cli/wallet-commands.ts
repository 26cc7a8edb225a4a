import type { Command } from '@commander-js/extra-typings'
import type { MovementOptions, Transaction, Wallet, WalletClient } from '../client/client.ts'
import { describeAmount } from './amounts.ts'
import { explain, type GivenMovement } from './failures.ts'
import { plain } from './output.ts'
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
  program
    .command('open')
    .description("open a user's wallet, or find it open")
    .addArgument(userArgument('user', 'whose wallet'))
    .addOption(urlOption)
    .addOption(deadlineOption)
    .addOption(jsonOption)
    .addHelpText('after', '\nExample:\n  npx wallet open ann')
    .action((user, options) =>
      showWallet(surroundings, options, (session) => session.client.open(user, { signal: session.signal })),
    )
  program
    .command('balance')
    .description('say what is in a wallet')
    .addArgument(userArgument('user', 'whose wallet'))
    .addOption(urlOption)
    .addOption(deadlineOption)
    .addOption(jsonOption)
    .addHelpText('after', '\nExamples:\n  npx wallet balance ann\n  npx wallet balance ann --json')
    .action((user, options) =>
      showWallet(surroundings, options, (session) => session.client.wallet(user, { signal: session.signal })),
    )
  program
    .command('deposit')
    .description('put money into a wallet')
    .addArgument(userArgument('user', 'whose wallet'))
    .addArgument(amountArgument)
    .addOption(transactionIDOption)
    .addOption(urlOption)
    .addOption(deadlineOption)
    .addOption(jsonOption)
    .addHelpText('after', '\nExample:\n  npx wallet deposit ann 5usd')
    .action((user, { units, text }, options) => {
      const move: Move = (client, call) => client.deposit({ to: user, amount: units }, call)
      return showMovement(surroundings, 'deposit', [user, text], options, move, 'deposited')
    })
  program
    .command('withdraw')
    .description('take money out of a wallet')
    .addArgument(userArgument('user', 'whose wallet'))
    .addArgument(amountArgument)
    .addOption(transactionIDOption)
    .addOption(urlOption)
    .addOption(deadlineOption)
    .addOption(jsonOption)
    .addHelpText('after', '\nExample:\n  npx wallet withdraw bob 0.25usd')
    .action((user, { units, text }, options) => {
      const move: Move = (client, call) => client.withdraw({ from: user, amount: units }, call)
      return showMovement(surroundings, 'withdraw', [user, text], options, move, 'withdrew')
    })
  program
    .command('transfer')
    .description("move money from a wallet to another user's")
    .addArgument(userArgument('from', 'who pays'))
    .addArgument(userArgument('to', 'who is paid'))
    .addArgument(amountArgument)
    .addOption(transactionIDOption)
    .addOption(urlOption)
    .addOption(deadlineOption)
    .addOption(jsonOption)
    .addHelpText('after', '\nExamples:\n  npx wallet transfer ann bob 1.25usd\n  npx wallet transfer ann bob 1250000')
    .action((from, to, { units, text }, options) => {
      const move: Move = (client, call) => client.transfer({ from, to, amount: units }, call)
      return showMovement(surroundings, 'transfer', [from, to, text], options, move, 'transferred')
    })
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
  await surroundings.print(options.json ? `${asJSON(wallet)}\n` : `${plain(userID)} has ${describeAmount(balance)}\n`)
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
  const to = passiveUserID === null ? '' : ` to ${plain(passiveUserID)}`
  const when = before ? `once, at ${createdAt}: ` : ''
  const has = before ? 'then had' : 'has'
  return `${when}${done} ${describeAmount(amount)}${to}; ${plain(userID)} ${has} ${describeAmount(balance)}`
}
