/** What comes over plain HTTP may be anybody's, unless it comes from this very machine. */
const PLAIN_HTTP_HOSTS = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/

/** Parses an http or https URL without user or password, as it is given to programs: with no white space in it. */
export function parsePlainURL(text: string): URL | undefined {
  if (!URL.canParse(text) || /\s/.test(text)) return undefined
  const url = new URL(text)
  const plain = url.username === '' && url.password === '' && /^https?:$/.test(url.protocol)
  return plain ? url : undefined
}

/** Whether it is https, or http on a loopback address. */
export function isSecure({ protocol, hostname }: URL): boolean {
  return protocol === 'https:' || PLAIN_HTTP_HOSTS.test(hostname)
}
