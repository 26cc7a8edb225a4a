import type { Duplex } from 'node:stream'
import type { FastifyError, FastifyReply, FastifyRequest, FastifySchemaValidationError } from 'fastify'
import { responseInFlight } from './in-flight.ts'
import { type FieldError, PROBLEM_MEDIA_TYPE, type ProblemCode, problemBody, sendProblem } from './problem.ts'
import { InvalidJSON } from './strict-json.ts'

/** How many things that are wrong with one request are told. */
const MAX_FIELD_ERRORS = 16

const BY_FASTIFY_CODE: Readonly<Record<string, ProblemCode>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: 'BODY_TOO_LARGE',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'UNSUPPORTED_MEDIA_TYPE',
}

/** Answers whatever a route threw, or Fastify found wrong before a route was reached. */
export function answerError(error: FastifyError, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  if (error.validation !== undefined) {
    return sendProblem(reply, 'INVALID_REQUEST', {
      errors: error.validation.slice(0, MAX_FIELD_ERRORS).map(fieldError),
    })
  }
  if (error instanceof InvalidJSON) {
    // Fastify would close the connection, and requests that were pipelined behind this one would get no answer.
    return sendProblem(reply.removeHeader('connection'), 'INVALID_REQUEST', { detail: error.message })
  }
  const known = BY_FASTIFY_CODE[error.code]
  if (known !== undefined) return sendProblem(reply, known)
  const { statusCode } = error
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500) {
    return sendProblem(reply, 'INVALID_REQUEST', { detail: error.message })
  }
  request.log.error({ requestID: request.id, err: error }, 'a request failed')
  return sendProblem(reply, 'INTERNAL')
}

/** Answers bytes that are no HTTP; there is no request yet that could be named. */
export function answerClientError(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (error.code === 'ECONNRESET' || !socket.writable || awaitsAnswer(socket)) {
    socket.destroy()
    return
  }
  const body = problemBody('INVALID_REQUEST', '', { detail: clientErrorDetail(error.code) })
  socket.end(
    `HTTP/1.1 400 Bad Request\r\ncontent-type: ${PROBLEM_MEDIA_TYPE}\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
  )
}

/** Whether a whole request was received on this connection before the bytes that are none: a 400 would be taken for its answer, though it may be executed. */
function awaitsAnswer(socket: Duplex): boolean {
  return responseInFlight(socket)?.req.complete === true
}

function clientErrorDetail(code: string | undefined): string {
  switch (code) {
    case 'HPE_HEADER_OVERFLOW':
      return 'The headers are too large.'
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return 'The request did not arrive in time.'
    default:
      return 'The request is not well-formed HTTP.'
  }
}

function fieldError({
  instancePath,
  keyword,
  params,
  message = 'is invalid',
}: FastifySchemaValidationError): FieldError {
  switch (keyword) {
    case 'required':
      return { path: `${instancePath}/${pointerToken(params.missingProperty)}`, message: 'must be present' }
    case 'additionalProperties':
      return { path: `${instancePath}/${pointerToken(params.additionalProperty)}`, message: 'must not be present' }
    default:
      return { path: instancePath, message }
  }
}

/** RFC 6901. */
function pointerToken(name: unknown): string {
  return String(name).replaceAll('~', '~0').replaceAll('/', '~1')
}
