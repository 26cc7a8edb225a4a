/* What can be sent at all, and what surely was not; the command line asks here too. */

/** What a service's URL is, in words. */
export const SERVICE_URL =
  'http:// or https://, a host, and if need be a port and a path; no credentials, query or fragment'
/** What a token is, in words. */
export const ACCESS_TOKEN = 'an access token alone, without "Bearer"'

/** What RFC 6750 lets stand behind `Bearer`. Of anything else `fetch` would say what it is, in its error. */
const TOKEN = /^[\w.~+/-]+=*$/

/** Without an @ there are no credentials in it. */
export function isServiceURL(text: string): boolean {
  return /^https?:\/\/[^\s\p{Cc}?#@/\\][^\s\p{Cc}?#@]*$/u.test(text) && URL.canParse(text)
}

export function isToken(text: string): boolean {
  return TOKEN.test(text)
}

/** How `fetch` in Node.js says that it connects to no such port, ever. A browser does not say it. */
const BAD_PORT = 'bad port'

export function isBadPort(error: unknown): boolean {
  return causeOf(error)?.message === BAD_PORT
}

/**
 * Why nothing of a request was sent, by what `fetch` threw; `undefined` if something may have been. Only Node.js tells
 * them apart, in the cause of the error. A redirect that was followed would spoil it: something was sent before.
 */
export function whyNotSent(error: unknown): string | undefined {
  const cause = causeOf(error)
  if (cause === undefined) return undefined
  if (isBadPort(error)) return 'a port that no HTTP client uses'
  // Several, if a name has several addresses.
  const all: readonly unknown[] = cause instanceof AggregateError ? cause.errors : [cause]
  const [first] = all
  return first instanceof Error && all.every(wasNotConnected) ? codeOf(first) || first.message : undefined
}

/** What Node.js finds in a certificate before it sends anything. */
const NOT_TRUSTED = /^(?:CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|ERR_TLS_CERT_ALTNAME_INVALID$)/
/**
 * What can only be the answer to the first message of TLS. Other alerts may come when the request has left: TLS 1.3 asks for the
 * client's certificate so late.
 */
const NO_TLS =
  /^ERR_SSL_(?:WRONG_VERSION_NUMBER|UNSUPPORTED_PROTOCOL|TLSV1_ALERT_PROTOCOL_VERSION|TLSV1_UNRECOGNIZED_NAME)$/
/** Node.js has no code for this one: it shares `ECONNRESET` with what is cut at any time. */
const CUT_BEFORE_TLS = 'Client network socket disconnected before secure TLS connection was established'

function wasNotConnected(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  const code = codeOf(error)
  const syscall = 'syscall' in error ? error.syscall : undefined
  return (
    syscall === 'connect' ||
    syscall === 'getaddrinfo' ||
    code === 'UND_ERR_CONNECT_TIMEOUT' ||
    NOT_TRUSTED.test(code) ||
    NO_TLS.test(code) ||
    error.message === CUT_BEFORE_TLS
  )
}

function causeOf(error: unknown): Error | undefined {
  return error instanceof Error && error.cause instanceof Error ? error.cause : undefined
}

function codeOf(error: Error): string {
  return 'code' in error && typeof error.code === 'string' ? error.code : ''
}
