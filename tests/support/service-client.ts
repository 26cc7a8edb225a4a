/** An answer as it came: the text for what must be the same byte for byte. */
export interface Answer {
  readonly status: number
  readonly text: string
  readonly replayed: boolean
  readonly body: Readonly<Record<string, unknown>>
}

export type Call = (method: string, path: string, body?: unknown) => Promise<Answer>

/** Talks to a service in a process of its own. */
export function createClient(url: string) {
  const call: Call = async (method, path, body) => {
    const response = await fetch(`${url}${path}`, {
      method,
      ...(body !== undefined && { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    })
    const text = await response.text()
    const replayed = response.headers.get('idempotent-replayed') === 'true'
    return { status: response.status, text, replayed, body: text === '' ? {} : JSON.parse(text) }
  }
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
