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
