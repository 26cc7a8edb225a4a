import type { Duplex } from 'node:stream'
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import { responseInFlight } from './drain.ts'
import { fieldErrors } from './expected.ts'
import { bodyTooLarge, PROBLEM_MEDIA_TYPE, problemBody, sendProblem } from './problem.ts'
import { IDENTITY, UnsupportedContentEncoding, UnsupportedMediaType } from './request-body.ts'
import { InvalidJSON } from './strict-json.ts'

const ENCODED = `The body has a Content-Encoding. Send it as it is: without that header, or with ${IDENTITY}.`

/** Answers whatever a route threw, or Fastify found wrong before a route was reached. */
export function answerError(error: FastifyError, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  if (error.validation !== undefined) {
    return sendProblem(reply, 'INVALID_REQUEST', {
      errors: fieldErrors(error.validation, error.validationContext),
    })
  }
  if (error instanceof InvalidJSON) return sendProblem(keepOpen(reply), 'INVALID_REQUEST', { detail: error.message })
  if (error instanceof UnsupportedMediaType) return sendProblem(keepOpen(reply), 'UNSUPPORTED_MEDIA_TYPE')
  if (error instanceof UnsupportedContentEncoding) {
    // RFC 9110, 15.5.16: it tells the client which of the two was not taken.
    reply.header('accept-encoding', IDENTITY)
    return sendProblem(keepOpen(reply), 'UNSUPPORTED_MEDIA_TYPE', { detail: ENCODED })
  }
  if (error.code === 'FST_ERR_CTP_BODY_TOO_LARGE')
    return sendProblem(reply, 'BODY_TOO_LARGE', bodyTooLarge(request.routeOptions.bodyLimit))
  const { statusCode } = error
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500) {
    return sendProblem(reply, 'INVALID_REQUEST', { detail: error.message })
  }
  request.log.error({ requestID: request.id, err: error }, 'a request failed')
  return sendProblem(reply, 'INTERNAL')
}

/** The body was read to its end, but Fastify would close the connection: what was pipelined behind it would get no answer. */
function keepOpen(reply: FastifyReply): FastifyReply {
  // After a request to upgrade Node reads nothing more from the connection: its client must hear that it ends.
  return reply.request.headers.upgrade === undefined ? reply.removeHeader('connection') : reply
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
