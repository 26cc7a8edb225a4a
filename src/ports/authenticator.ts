import type { UserID } from '../domain/user-id.ts'

/** The scope that a token must have for what owning a wallet does not allow: deposits, the wallets of others, the console. */
export const ADMIN_SCOPE = 'wallet:admin'

/** Who sends a request. */
export interface Caller {
  readonly userID: UserID
  /** Their token has {@link ADMIN_SCOPE}. */
  readonly admin: boolean
  /** For how long their token was still good when it was looked at. */
  readonly goodForMs: number
}

/** What is wrong with a token. `untrusted`: anything about its form, its signature or its key. */
export type TokenFault = 'untrusted' | 'expired' | 'not yet valid' | 'other issuer' | 'other audience' | 'no user'

export type Verdict =
  | { readonly kind: 'authenticated'; readonly caller: Caller }
  | { readonly kind: 'refused'; readonly fault: TokenFault }
  /** No one can be told from anybody now: the keys that tokens are checked with are out of reach. */
  | { readonly kind: 'unavailable' }

/** Says whose a token is. Never throws. */
export type Authenticator = (token: string) => Promise<Verdict>
