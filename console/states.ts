import type { StateChange } from './answers.ts'

export type State = StateChange['state']

export const MEANINGS: Readonly<Record<State, string>> = {
  open: 'money comes in and goes out.',
  frozen: 'money comes in, and none goes out.',
  closed: 'no money comes in or goes out.',
}

/** What one does to bring a wallet there. */
export const DEEDS: Readonly<Record<State, string>> = { open: 'open', frozen: 'freeze', closed: 'close' }

export const STATES: readonly State[] = ['open', 'frozen', 'closed']

export function capital(word: string): string {
  return `${word.charAt(0).toUpperCase()}${word.slice(1)}`
}
