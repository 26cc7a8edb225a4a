import type { Command } from '@commander-js/extra-typings'
import { deadlineOption, jsonOption, urlOption } from './parameters.ts'

/** The options that all commands for wallets have. */
export interface CallOptions {
  readonly url?: string | undefined
  readonly deadline: number
  readonly json?: true | undefined
}

/** A command with these options. */
export function walletCommand(program: Command, name: string, description: string, examples: readonly string[]) {
  const lines = examples.map((example) => `  npx wallet ${example}`).join('\n')
  return program
    .command(name)
    .description(description)
    .addOption(urlOption)
    .addOption(deadlineOption)
    .addOption(jsonOption)
    .addHelpText('after', `\n${examples.length > 1 ? 'Examples' : 'Example'}:\n${lines}`)
}
