import type { Test } from 'tap'
import type { Readiness } from '../../src/ports/readiness.ts'
import type { WalletService } from '../../src/ports/wallet-service.ts'
import { type Answer, listen, type Send, startHTTP } from './http.ts'
import { connectRaw } from './raw-client.ts'
import { createServiceOverMemory, TTL } from './service-over-memory.ts'
import { createWalletClient, type WalletClient } from './wallet-client.ts'

export interface APIWorld {
  readonly send: Send
  readonly client: WalletClient
  /** What the service is made of from here on. */
  use(service: WalletService): void
  /** An empty ledger, and everything works. */
  renew(): void
  readyAs(readiness: Readiness): void
  /** Lets a transaction ID expire. */
  advance(): void
  /** Sends a request that has no Host header. */
  sendWithoutHost(path: string): Promise<Answer>
}

/** A server, whose service can be changed while it runs. */
export async function startAPIWorld(t: Test): Promise<APIWorld> {
  let memory = createServiceOverMemory()
  let current: WalletService = memory.service
  let readiness: Readiness = async () => 'ready'
  const http = await startHTTP(t, {
    service: {
      open: (userID) => current.open(userID),
      wallet: (userID) => current.wallet(userID),
      issue: (userID) => current.issue(userID),
      status: (userID, transactionID) => current.status(userID, transactionID),
      isOverloaded: () => current.isOverloaded(),
      submit: (request) => current.submit(request),
      history: (query) => current.history(query),
    },
    readiness: () => readiness(),
    expectErrors: true,
  })
  const { port } = await listen(t, http)
  return {
    send: http.send,
    client: createWalletClient(http.send),
    use(service) {
      current = service
    },
    renew() {
      memory = createServiceOverMemory()
      current = memory.service
      readiness = async () => 'ready'
    },
    readyAs(next) {
      readiness = next
    },
    advance: () => memory.advance(TTL),
    async sendWithoutHost(path) {
      const raw = await connectRaw(t, port)
      raw.write(`GET ${path} HTTP/1.1\r\n\r\n`)
      return raw.answer()
    },
  }
}
