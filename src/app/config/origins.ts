const BEFORE_HOST = /^https?:\/\//

/** Parses origins with commas between them: `https://shop.example,http://localhost:3000`. */
export function parseOrigins(text: string): readonly string[] | undefined {
  const origins = text.split(',').map((each) => each.trim())
  return origins.every(isOrigin) ? origins : undefined
}

/** As a browser writes it, since it is compared as it stands: in lower case, no port that its scheme has anyway, nothing behind. */
function isOrigin(text: string): boolean {
  // A URL may have a * in its host; as an origin it would look like a pattern, and match nothing.
  return BEFORE_HOST.test(text) && !text.includes('*') && URL.canParse(text) && new URL(text).origin === text
}
