const SUSPICIOUS = /[%\x80-\uffff]/
const NO_CHARACTER = '%00'

/**
 * A path that percent-decoding would throw on, or that has raw bytes beyond ASCII (which Node reads as Latin-1, so that
 * `ü` would be the wallet of `Ã¼`), becomes one that its schema turns down. It is routed like any other, so that 404 and
 * 405 come before 400.
 */
export function decodableURL(url: string): string {
  if (!SUSPICIOUS.test(url)) return url
  const [path = ''] = url.split(/[?#]/, 1)
  return isDecodable(path) ? url : path.replaceAll(/%|[\x80-\uffff]/g, NO_CHARACTER) + url.slice(path.length)
}

function isDecodable(path: string): boolean {
  if (/[\x80-\uffff]/.test(path)) return false
  try {
    decodeURIComponent(path)
    return true
  } catch {
    return false
  }
}
