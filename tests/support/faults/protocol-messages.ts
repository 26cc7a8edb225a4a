/** One message of PostgreSQL's protocol, as far as a test wants to tell it from others. */
export interface ProtocolMessage {
  /** Its letter; `startup` for the first of a connection, which has none. */
  readonly type: string
  /**
   * From the client: the SQL of a Query or a Parse, and that of the statement which a Bind is for. From the server: the
   * tag of CommandComplete (`UPDATE 2`), the state in ReadyForQuery (`I`, `T`, `E`), the SQLSTATE of an ErrorResponse,
   * the process of BackendKeyData. Else empty.
   */
  readonly text: string
  /** As it stands on the wire. */
  readonly bytes: Buffer
}

type Sender = 'client' | 'server'

const LENGTH_BYTES = 4
/** After the letter and the length. */
const BODY = 1 + LENGTH_BYTES

/** Cuts what one side sends into messages; what is not whole yet waits for the next chunk. Not for encrypted connections. */
export function createMessageReader(sender: Sender): (chunk: Buffer) => ProtocolMessage[] {
  const describe = sender === 'client' ? describeClient(new Map()) : describeServer
  let rest: Buffer = Buffer.alloc(0)
  let hasLetter = sender === 'server'

  return (chunk) => {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
    const messages: ProtocolMessage[] = []
    for (;;) {
      const start = hasLetter ? 1 : 0
      if (rest.length < start + LENGTH_BYTES) return messages
      const end = start + rest.readUInt32BE(start)
      if (rest.length < end) return messages
      const bytes = rest.subarray(0, end)
      const type = hasLetter ? String.fromCharCode(bytes.readUInt8(0)) : 'startup'
      messages.push({ type, text: describe(type, bytes), bytes })
      rest = rest.subarray(end)
      hasLetter = true
    }
  }
}

function describeClient(statements: Map<string, string>): (type: string, bytes: Buffer) => string {
  return (type, bytes) => {
    const [first = '', second = ''] = texts(bytes)
    switch (type) {
      case 'Q':
        return first.trim()
      case 'P':
        statements.set(first, second.trim())
        return second.trim()
      case 'B':
        return statements.get(second) ?? ''
      default:
        return ''
    }
  }
}

function describeServer(type: string, bytes: Buffer): string {
  switch (type) {
    case 'C':
      return texts(bytes)[0] ?? ''
    case 'Z':
      return bytes.toString('latin1', BODY, BODY + 1)
    case 'K':
      return String(bytes.readUInt32BE(BODY))
    case 'E':
      return (texts(bytes).find((field) => field.startsWith('C')) ?? '').slice(1)
    default:
      return ''
  }
}

/** The body's texts, each of which a zero ends. */
function texts(bytes: Buffer): string[] {
  return bytes.toString('utf8', BODY).split('\0')
}
