import type { IncomingMessage } from 'node:http'

/**
 * What RFC 9112 has a server turn down in a request's head and Node lets pass, and a Host that is none of ours;
 * `undefined` if it is in order.
 */
export function wrongHead(
  { httpVersion, headers: { host } }: IncomingMessage,
  isServedHost: (host: string) => boolean,
): string | undefined {
  if (httpVersion !== '1.1' && httpVersion !== '1.0') return 'The request is neither HTTP/1.1 nor HTTP/1.0.'
  if (host === undefined) return httpVersion === '1.1' ? 'There is no Host header.' : undefined
  // Headers that stand twice were joined.
  if (host.includes(',')) return 'There is more than one Host header.'
  return isServedHost(host) ? undefined : 'Without authentication the service answers to localhost only: see AUTH.'
}

/**
 * A path that percent-decoding would throw on becomes one that its schema turns down. It is routed like any other, so
 * that 404 and 405 come before 400.
 */
export function decodableURL(url: string): string {
  if (!url.includes('%')) return url
  const [path = ''] = url.split(/[?#]/, 1)
  try {
    decodeURIComponent(path)
    return url
  } catch {
    return path.replaceAll('%', '%00') + url.slice(path.length)
  }
}
