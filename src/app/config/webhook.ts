import { isSecure, parsePlainURL } from './secure-url.ts'

/** Where all transactions are posted to, and what the posts are signed with. */
export interface WebhookSetting {
  readonly url: URL
  /** Each signs; more than one while receivers change from one to the next. */
  readonly secrets: readonly string[]
}

const MAX_SECRETS = 4
/** As Standard Webhooks has it. */
const MIN_SECRET_BYTES = 24
const MAX_SECRET_BYTES = 64

export const SECRET_EXPECTED = `whsec_ and ${MIN_SECRET_BYTES} to ${MAX_SECRET_BYTES} bytes in base64, as 'echo "whsec_$(openssl rand -base64 32)"' prints it; while it is changed several, at most ${MAX_SECRETS}, with commas between them`

/** Parses the address of a receiver: https, or http on a loopback address or if it is allowed; no user, no password. */
export function parseWebhookURL(text: string, allowHTTP: boolean): URL | undefined {
  const url = parsePlainURL(text)
  return url !== undefined && (allowHTTP || isSecure(url)) ? url : undefined
}

/** Parses secrets with commas or blanks between them. */
export function parseWebhookSecrets(text: string): readonly string[] | undefined {
  const secrets = text.split(/, *| +/)
  return secrets.length <= MAX_SECRETS && secrets.every(isSecret) ? secrets : undefined
}

function isSecret(text: string): boolean {
  const [, base64] = /^whsec_([A-Za-z0-9+/]+={0,2})$/.exec(text) ?? []
  if (base64 === undefined) return false
  const bytes = Buffer.from(base64, 'base64')
  return bytes.toString('base64') === base64 && bytes.length >= MIN_SECRET_BYTES && bytes.length <= MAX_SECRET_BYTES
}
