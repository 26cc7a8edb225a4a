import { isSecure, parsePlainURL } from './secure-url.ts'

/** Whom the service lets in. */
export type AuthenticationSetting =
  /** Nothing was set: everyone, so only this machine may reach it. */
  | { readonly kind: 'loopback only' }
  /** Everyone who can reach it, explicitly. */
  | { readonly kind: 'none' }
  /** Those with a token of this issuer, for this audience, signed with a key of this set. */
  | { readonly kind: 'bearer'; readonly jwksURL: URL; readonly issuer: string; readonly audience: string }

/** Parses the address of a key set: https, or http on a loopback address; no user, no password. */
export function parseJWKSURL(text: string): URL | undefined {
  const url = parsePlainURL(text)
  return url !== undefined && isSecure(url) ? url : undefined
}

/** Parses an issuer or an audience, which a token must name exactly. */
export function parseClaim(text: string): string | undefined {
  return /^[^\s\p{Cc}](?:[^\p{Cc}]*[^\s\p{Cc}])?$/u.test(text) ? text : undefined
}
