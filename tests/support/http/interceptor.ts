import { createServer, type IncomingHttpHeaders } from 'node:http'
import { text } from 'node:stream/consumers'
import type { Lifetime } from '../lifetime.ts'
import { listenOnFreePort } from '../listen.ts'

/** A request on its way to the service. */
export interface Intercepted {
  readonly method: string
  readonly url: string
  readonly headers: IncomingHttpHeaders
  readonly body: string
  /** Has the service answer it. */
  readonly send: () => Promise<Response>
}

/** An answer, `cut` for a connection that ends without one, `silence` for one on which nothing comes. */
export type Fate = (request: Intercepted) => Promise<Response | 'cut' | 'silence'>

/** Stands between a client and a service, and decides what becomes of each request. */
export async function startInterceptor(t: Lifetime, serviceURL: string, fate: Fate): Promise<string> {
  const server = createServer(async (request, response) => {
    const { url = '', method = '', headers } = request
    const body = await text(request)
    const { authorization, 'if-match': ifMatch, 'content-type': contentType } = headers
    const passed = Object.entries({ authorization, 'if-match': ifMatch, 'content-type': contentType })
    const send = () =>
      fetch(`${serviceURL}${url}`, {
        method,
        headers: passed.flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as [string, string]])),
        ...(body !== '' && { body }),
      })
    const answer = await fate({ method, url, headers, body, send })
    if (answer === 'silence') return
    if (answer === 'cut') response.destroy()
    else response.writeHead(answer.status, Object.fromEntries(answer.headers)).end(await answer.text())
  })
  return listenOnFreePort(t, server)
}
