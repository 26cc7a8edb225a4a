import { createWalletClient, type WalletClient } from '../client/client.ts'
import { ACCESS_TOKEN, isServiceURL, isToken, whyNotSent } from '../client/sendable.ts'
import { type Interrupted, Unreachable, wrongValue } from './errors.ts'
import type { Output } from './output.ts'

const DEFAULT_URL = 'http://127.0.0.1:8080'

/** What a command is given in: the process, or a test. */
export interface Surroundings extends Output {
  readonly env: Readonly<Record<string, string | undefined>>
  /** What is aborted when someone ends the command, by an {@link Interrupted}. */
  interruption(): AbortController
}

/** A client of one service, for one command. */
export interface Session {
  readonly client: WalletClient
  readonly url: string
  /** Whether a command that is shown again needs the URL. */
  readonly urlIsDefault: boolean
  readonly deadlineMs: number
  /** Whether requests carry a token. */
  readonly hasToken: boolean
  /** Ends what is under way: by an {@link Interrupted}, or an {@link Unreachable}. */
  readonly signal: AbortSignal
  /** Whether the last answer was of an earlier request. */
  replayed(): boolean
}

/** @throws {Failure} for an address or a token that can't be one. */
export function openSession(
  options: { readonly url?: string | undefined; readonly deadline: number },
  { env, interruption }: Surroundings,
): Session {
  const url = readURL(options.url, env.WALLET_URL)
  const token = readToken(env.WALLET_TOKEN)
  const ending = interruption()
  let met = false
  let replayed = false

  const watched: typeof fetch = async (input, init) => {
    try {
      const response = await fetch(input, init)
      met = true
      replayed = response.headers.get('idempotent-replayed') === 'true'
      return response
    } catch (error) {
      const reason = whyNotSent(error)
      if (!met && reason !== undefined) ending.abort(new Unreachable(reason, { cause: error }))
      else met = true
      throw error
    }
  }

  return {
    client: createWalletClient({ url, fetch: watched, deadlineMs: options.deadline, ...(token && { token }) }),
    url,
    urlIsDefault: url === DEFAULT_URL,
    deadlineMs: options.deadline,
    hasToken: token !== undefined,
    signal: ending.signal,
    replayed: () => replayed,
  }
}

function readURL(option: string | undefined, variable: string | undefined): string {
  const text = option ?? (variable || DEFAULT_URL)
  if (isServiceURL(text)) return text
  const held = /[@?#]/.test(text) ? `${text.length} characters (not shown: a secret may be in them)` : undefined
  throw wrongValue(
    option === undefined ? 'WALLET_URL' : '--url',
    held ?? JSON.stringify(text),
    `the address of a service, ${DEFAULT_URL}; a token goes into WALLET_TOKEN`,
  )
}

function readToken(text: string | undefined): string | undefined {
  if (text === undefined || text === '') return undefined
  if (isToken(text)) return text
  throw wrongValue('WALLET_TOKEN', `${text.length} characters (not shown)`, ACCESS_TOKEN)
}
