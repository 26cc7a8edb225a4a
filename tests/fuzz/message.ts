/** A request as it goes over the wire, every part as it stands. */
export interface Message {
  readonly method: string
  /** Printable ASCII without a space. */
  readonly target: string
  readonly contentType: string | undefined
  readonly contentEncoding: string | undefined
  readonly body: Buffer | undefined
  /** Beside those above; names in lower case. */
  readonly headers: readonly (readonly [name: string, value: string])[]
}

export function toBytes({ method, target, contentType, contentEncoding, body, headers }: Message): Buffer {
  const type = contentType === undefined ? [] : [`content-type: ${contentType}`]
  const encoding = contentEncoding === undefined ? [] : [`content-encoding: ${contentEncoding}`]
  const length = body === undefined ? [] : [`content-length: ${body.length}`]
  const more = headers.map(([name, value]) => `${name}: ${value}`)
  const head = [`${method} ${target} HTTP/1.1`, 'host: x', ...type, ...encoding, ...length, ...more, '', ''].join(
    '\r\n',
  )
  return Buffer.concat([Buffer.from(head), body ?? Buffer.alloc(0)])
}

/** As a server reads it: what stands twice is one list. */
export function headerOf({ headers }: Message, name: string): string | undefined {
  const values = headers.filter(([each]) => each === name).map(([, value]) => value.trim())
  return values.length === 0 ? undefined : values.join(', ')
}

export function pathOf(target: string): string {
  return target.split('?', 1)[0] ?? ''
}

const SHOWN = 1500

/** For the one who must find out what is wrong with it. */
export function shown(message: Message): string {
  return JSON.stringify(toBytes(message).subarray(0, SHOWN).toString('latin1'))
}
