import { randomBytes } from 'node:crypto'

/** Names requests: unique across restarts and instances, and in the order in which one instance received them. */
export function createRequestIDs(): () => string {
  const instance = randomBytes(5).toString('hex')
  let count = 0
  return () => {
    count += 1
    return `${instance}-${count.toString(36)}`
  }
}
