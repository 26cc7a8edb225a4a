import type { Test } from 'tap'
import { createHeldStore, uniformBounds } from '../http/held-store.ts'
import { listen, settableClock, startHTTP } from '../http/http.ts'
import { createWalletClient, openWith } from '../http/wallet-client.ts'
import { runHere, type Said } from './run-command-line.ts'
import { type Ended, runWallet } from './service-process.ts'

/** Whatever a test does at once, and however slow the machine is. */
const BOUNDS = uniformBounds({ maxQueued: 10_000, deadlineMs: 60_000 })
const DOLLAR = 1_000_000

/** A service over a store that can be held, with 5 dollars in Ann's wallet, 0 in Bob's, and the command line to it, as a program and here. */
export async function startCommandWorld(t: Test) {
  const clock = settableClock()
  const held = createHeldStore(clock)
  const http = await startHTTP(t, { clock, store: held.store, bounds: BOUNDS })
  const { port } = await listen(t, http)
  const client = createWalletClient(http.send)
  await openWith(client, 'ann', 5 * DOLLAR)
  await openWith(client, 'bob')
  const env = { WALLET_URL: `http://127.0.0.1:${port}` }
  const run = (...parameters: string[]): Promise<Ended> => runWallet(t, parameters, { env })
  const here = (...parameters: string[]): Promise<Said> => runHere(parameters, env)
  return { clock, held, client, env, url: env.WALLET_URL, run, here }
}

/** The command that a message has on its second line, to be pasted into a shell. */
export function commandIn({ stderr }: Ended): string {
  const [, command] = /\n {2}(.+)\n$/.exec(stderr) ?? []
  if (command === undefined) throw new Error(`no command in ${stderr}`)
  return command
}
