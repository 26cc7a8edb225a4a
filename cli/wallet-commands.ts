import { Argument, type Command } from '@commander-js/extra-typings'
import type { Wallet } from '../client/client.ts'
import { describeAmount } from './amounts.ts'
import { explain } from './explain.ts'
import { stripControlCharacters } from './output.ts'
import { oneOf, reasonOption, timeOption, userArgument } from './parameters.ts'
import { openSession, type Session, type Surroundings } from './session.ts'
import { type CallOptions, walletCommand } from './wallet-command.ts'
import { asJSON } from './wire.ts'

const STATES = ['open', 'frozen', 'closed'] as const

export function addWalletCommands(program: Command, surroundings: Surroundings): void {
  walletCommand(program, 'open', "open a user's wallet (idempotent)", ['open ann'])
    .addArgument(userArgument('user', 'whose wallet'))
    .action((user, options) => showWallet(surroundings, options, ({ client, signal }) => client.open(user, { signal })))
  walletCommand(program, 'balance', 'show the balance of a wallet', [
    'balance ann',
    'balance ann --json',
    'balance ann --at 2026-10-01T00:00:00Z',
  ])
    .addArgument(userArgument('user', 'whose wallet'))
    .addOption(timeOption('at', 'as it was at this moment, which must be over (RFC 3339)'))
    .action((user, { at, ...options }) =>
      showWallet(surroundings, options, ({ client, signal }) =>
        at === undefined ? client.wallet(user, { signal }) : client.walletAt(user, at, { signal }),
      ),
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

function describeWallet({ userID, balance, state, at }: Wallet): string {
  const says = `${stripControlCharacters(userID)} ${at === undefined ? 'has' : 'had'} ${describeAmount(balance)}`
  if (state === undefined) return says
  return `${says}; the wallet ${at === undefined ? 'is' : 'was'} ${stripControlCharacters(state)}`
}
