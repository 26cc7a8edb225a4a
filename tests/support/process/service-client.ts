import { once } from 'node:events'
import { Agent, request } from 'node:http'

/** An answer as it came: the text for what must be the same byte for byte. */
export interface Answer {
  readonly status: number
  readonly text: string
  readonly replayed: boolean
  readonly body: Readonly<Record<string, unknown>>
}

const JSON_BODY = { 'content-type': 'application/json' }

export type Call = (method: string, path: string, body?: unknown) => Promise<Answer>

/** Over the connections of this process, which all its clients share. */
function sharingConnections(url: string): Call {
  return async (method, path, body) => {
    const response = await fetch(`${url}${path}`, {
      method,
      ...(body !== undefined && { body: JSON.stringify(body), headers: JSON_BODY }),
    })
    const replayed = response.headers.get('idempotent-replayed') === 'true'
    return toAnswer(response.status, replayed, await response.text())
  }
}

/** Over one connection at a time, as a client has that is alone in its process: it is never at rest for long. */
export function keepingOneConnection(url: string): Call {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  return async (method, path, body) => {
    const payload = body === undefined ? '' : JSON.stringify(body)
    const headers = { 'content-length': String(Buffer.byteLength(payload)), ...(body !== undefined && JSON_BODY) }
    const sent = request(`${url}${path}`, { agent, method, headers }).end(payload)
    const [response] = await once(sent, 'response')
    const text = (await response.setEncoding('utf8').toArray()).join('')
    return toAnswer(response.statusCode, response.headers['idempotent-replayed'] === 'true', text)
  }
}

function toAnswer(status: number, replayed: boolean, text: string): Answer {
  return { status, text, replayed, body: text === '' ? {} : JSON.parse(text) }
}

/** Talks to a service in a process of its own. */
export function createClient(url: string, call: Call = sharingConnections(url)) {
  const wallet = (userID: string) => `/api/v1/users/${encodeURIComponent(userID)}/wallet`
  return {
    call,
    open: (userID: string) => call('PUT', wallet(userID)),
    wallet: (userID: string) => call('GET', wallet(userID)),
    history: (userID: string) => call('GET', `${wallet(userID)}/transactions`),
    status: (userID: string, transactionID: string) => call('GET', `${wallet(userID)}/transactionID/${transactionID}`),
    deposit: (userID: string, amount: number, transactionID: string) =>
      call('PUT', `${wallet(userID)}/deposit`, { amount, transactionID }),
    withdraw: (userID: string, amount: number, transactionID: string) =>
      call('PUT', `${wallet(userID)}/withdraw`, { amount, transactionID }),
    transfer: (userID: string, passiveUserID: string, amount: number, transactionID: string) =>
      call('PUT', `${wallet(userID)}/transfer`, { passiveUserID, amount, transactionID }),
    async issue(userID: string): Promise<string> {
      const answer = await call('POST', `${wallet(userID)}/transactionID`)
      if (answer.status !== 201) throw new Error(`no transaction ID: ${answer.status} ${answer.text}`)
      return String(answer.body.transactionID)
    },
  }
}

export type Client = ReturnType<typeof createClient>
