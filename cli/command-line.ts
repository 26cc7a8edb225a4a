import { basename, relative } from 'node:path'

/** Needs no quotes in a shell. */
const BARE = /^[\w@%+=:,./-]+$/

/** How the person called us, to be called again: `npx wallet`, say. */
export function calledAs(
  env: Readonly<Record<string, string | undefined>> = process.env,
  script: string = process.argv[1] ?? 'wallet',
): string {
  // npm says which of its commands runs us, and what else it may be that runs us is not npm's.
  if (env.npm_lifecycle_event === 'npx') return 'npx wallet'
  if (env.npm_lifecycle_event === 'wallet') return 'npm run wallet --'
  return basename(script) === 'wallet' ? 'wallet' : `node ${quoted(relative('', script))}`
}

/** A command line for a shell. What looks like an option and is none stands behind `--`. */
export function commandLine(command: string, options: readonly string[], parameters: readonly string[]): string {
  const end = parameters.some((each) => each.startsWith('-')) ? ['--'] : []
  return [calledAs(), command, ...[...options, ...end, ...parameters].map(quoted)].join(' ')
}

/** For a shell. */
export function quoted(word: string): string {
  return BARE.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`
}
