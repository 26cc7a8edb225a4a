import { Argument, type Command } from '@commander-js/extra-typings'
import type { Wallet } from '../client/client.ts'
import { describeAmount } from './amounts.ts'
import { explain } from './explain.ts'
import { stripControlCharacters } from './output.ts'
import { oneOf, reasonOption, userArgument } from './parameters.ts'
import { openSession, type Session, type Surroundings } from './session.ts'
import { type CallOptions, walletCommand } from './wallet-command.ts'
import { asJSON } from './wire.ts'

const STATES = ['open', 'frozen', 'closed'] as const

export function addWalletCommands(program: Command, surroundings: Surroundings): void {
  walletCommand(program, 'open', "open a user's wallet (idempotent)", ['open ann'])
    .addArgument(userArgument('user', 'whose wallet'))
    .action((user, options) => showWallet(surroundings, options, ({ client, signal }) => client.open(user, { signal })))
  walletCommand(program, 'balance', 'show the balance of a wallet', ['balance ann', 'balance ann --json'])
    .addArgument(userArgument('user', 'whose wallet'))
    .action((user, options) =>
      showWallet(surroundings, options, ({ client, signal }) => client.wallet(user, { signal })),
    )
}

/** Apart from the others, since it is for few. */
export function addStateCommand(program: Command, surroundings: Surroundings): void {
  walletCommand(program, 'state', 'freeze, close or open a wallet, as an administrator (idempotent)', [
    "state ann frozen --reason 'reported as stolen'",
    'state ann open --reason found',
  ])
    .addArgument(userArgument('user', 'whose wallet'))
    .addArgument(
      new Argument(
        '<state>',
        `${STATES.join(', ')}: a frozen one only takes money in, a closed one is empty and stays so`,
      ).argParser(oneOf('STATE', STATES)),
    )
    .addOption(reasonOption)
    .action((user, state, { reason, ...options }) =>
      showWallet(surroundings, options, ({ client, signal }) => client.setState(user, { state, reason }, { signal })),
    )
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
  await surroundings.print(options.json ? `${asJSON(wallet)}\n` : `${describeWallet(wallet)}\n`)
}

function describeWallet({ userID, balance, state }: Wallet): string {
  const says = `${stripControlCharacters(userID)} has ${describeAmount(balance)}`
  return state === undefined ? says : `${says}; the wallet is ${stripControlCharacters(state)}`
}
