import type { FastifyRequest, onRequestHookHandler } from 'fastify'
import { parseStrictJSON } from './strict-json.ts'

const JSON_MEDIA_TYPE = 'application/json'

/** The one content coding that is accepted; a body without Content-Encoding has it. */
export const IDENTITY = 'identity'

/** A body of a media type that the service does not read. */
export class UnsupportedMediaType extends Error {
  override readonly name = 'UnsupportedMediaType'
}

/** A body that was compressed, or encoded otherwise. */
export class UnsupportedContentEncoding extends Error {
  override readonly name = 'UnsupportedContentEncoding'
}

/** Every body comes here, whatever its type: an empty one is no body, so that its type and its encoding say nothing. */
export function parseBody(
  request: FastifyRequest,
  body: Buffer,
  done: (error: Error | null, value?: unknown) => void,
): void {
  let value: unknown
  try {
    value = body.length === 0 ? undefined : readBody(request, body)
  } catch (error) {
    done(error instanceof Error ? error : new Error(String(error)))
    return
  }
  done(null, value)
}

function readBody({ mediaType, headers }: FastifyRequest, body: Buffer): unknown {
  const encoding = headers['content-encoding']
  if (encoding !== undefined && !isIdentity(encoding)) throw new UnsupportedContentEncoding()
  if (mediaType !== JSON_MEDIA_TYPE) throw new UnsupportedMediaType()
  return parseStrictJSON(body)
}

/** Codings are listed in the order in which they were applied, in any case (RFC 9110, 8.4). */
function isIdentity(encoding: string): boolean {
  return encoding.split(',').every((coding) => ['', IDENTITY].includes(coding.trim().toLowerCase()))
}

/** Fastify turns a type that is malformed down before it knows whether there is a body. */
export const forgetMalformedType: onRequestHookHandler = (request, _reply, done) => {
  if (request.mediaType === undefined) delete request.headers['content-type']
  done()
}
