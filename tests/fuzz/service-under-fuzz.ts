import { readFile } from 'node:fs/promises'
import type { Test } from 'tap'
import { auditLedger } from '../../audit/audit.ts'
import { toURL } from '../../db/address.ts'
import { administer, createTestDatabase } from '../support/database/database.ts'
import { eventually } from '../support/eventually.ts'
import type { Body } from '../support/http/http.ts'
import { processMemory } from '../support/process/process-memory.ts'
import { startServiceProcess } from '../support/process/service-process.ts'
import { KEY_VARIABLE } from './transaction-ids.ts'

export interface ServiceUnderFuzz {
  readonly port: number
  /** Notes what a 200 says of a movement. */
  acknowledged(answer: { readonly text: string; readonly body: Readonly<Body> }): void
  /** Looks at the process's memory; `share` of all cases have been sent. */
  watchMemory(share: number): Promise<void>
  /**
   * Compares the ledger with what was acknowledged and the memory with what it was, reads the log, and ends the process.
   *
   * @param unanswered transaction IDs of whole requests whose answer no one waited for.
   */
  checkAndEnd(t: Test, unanswered?: ReadonlySet<string>): Promise<void>
}

/** By how much the process may have grown from when a fifth of all cases were sent to the end. */
const GROWTH_MB = 48
const END_LIMIT_MS = 150_000
const INFO = 30
const CLOSE_LIMIT_MS = 5000

/** A heap that has grown to its size when a fifth of all cases were sent: what grows after that is kept. */
const SMALL_HEAP = ['--max-semi-space-size=16', '--max-old-space-size=384']

/** However many lists are sent at once, none is turned away for want of room: that no 5xx comes is what is tested. */
const ROOM_FOR_ALL = { QUEUE_MAX: '1000000' }

/** The service in a process of its own, with what is needed to see afterwards whether it did as it said. */
export async function startServiceUnderFuzz(t: Test): Promise<ServiceUnderFuzz> {
  const database = await createTestDatabase(t)
  // By whatever name it is called: the requests make up their Host.
  const env = { DATABASE_URL: toURL(database), AUTH: 'none', ...KEY_VARIABLE, ...ROOM_FOR_ALL }
  const service = await startServiceProcess(t, { env, flags: SMALL_HEAP, endLimitMs: END_LIMIT_MS })
  const movements = new Map<string, string>()
  const memory: number[] = []
  const port = Number(new URL(service.url).port)

  async function compareLedger(t: Test, unanswered: ReadonlySet<string>): Promise<void> {
    const rows = await administer(
      database,
      `SELECT id, transaction_id, user_id, type, amount, balance, passive_user_id FROM user_wallet_transaction WHERE type <> 3`,
    )
    const written = rows.filter(({ transaction_id }) => !unanswered.has(String(transaction_id)))
    const wrong = written.filter((row) => movements.get(String(row.transaction_id)) !== summaryOfRow(row))
    t.same(wrong, [], 'the ledger holds nothing that was not acknowledged, and everything as it was')
    const kept = new Set(rows.map(({ transaction_id }) => transaction_id))
    const missing = [...movements.keys()].filter((id) => !kept.has(id))
    t.same(missing.slice(0, 9), [], 'everything that was acknowledged is in the ledger')
    const { findings } = await auditLedger(database)
    t.same(findings, [], 'the auditor finds nothing: what the wallets hold is what came in less what went out')
    t.ok(movements.size > 0, `${movements.size} movements were acknowledged`)
  }

  return {
    port,
    acknowledged({ text, body }) {
      const id = String(body.transactionID)
      const summary = summaryOfBody(body)
      const before = movements.get(id)
      if (before !== undefined && before !== summary)
        throw new Error(`${id} had another outcome before: ${before}, ${text}`)
      movements.set(id, summary)
    },
    async watchMemory(share) {
      if (share >= 0.2) memory.push((await processMemory(service.pid)).nowMB)
    },
    async checkAndEnd(t, unanswered = new Set()) {
      await compareLedger(t, unanswered)
      const [first = Number.NaN, last = Number.NaN] = [memory[0], memory.at(-1)]
      t.ok(last - first < GROWTH_MB, `memory: ${first.toFixed()} MB after a fifth, ${last.toFixed()} MB at the end`)
      await eventually('no connection is left over', CLOSE_LIMIT_MS, async () =>
        (await connectionsAt(port)) === 0 ? true : undefined,
      )
      const { code, stderr, stdout } = await service.end('SIGTERM')
      t.equal(code, 0, 'it ends with 0')
      t.equal(stderr, '', 'it wrote nothing but its log')
      const lines = stdout.trimEnd().split('\n')
      const odd = lines.filter((line) => JSON.parse(line).level !== INFO || /stack|node_modules|\.[jt]s:\d/.test(line))
      t.same(odd, [], `${lines.length} lines of log, no warning, no error, no stack`)
    },
  }
}

function summaryOfBody({ id, userID, type, amount, balance, passiveUserID }: Body): string {
  return JSON.stringify([id, userID, type, amount, balance, passiveUserID])
}

function summaryOfRow({ id, user_id, type, amount, balance, passive_user_id }: Body): string {
  return JSON.stringify([Number(id), user_id, type, Number(amount), Number(balance), passive_user_id])
}

/** Established, and closed by the client alone. */
const OPEN = ['01', '08']

/** How many connections a server on 127.0.0.1 has open. Linux only. */
async function connectionsAt(port: number): Promise<number> {
  const here = `0100007F:${port.toString(16).toUpperCase().padStart(4, '0')}`
  const lines = (await readFile('/proc/net/tcp', 'utf8')).split('\n').map((line) => line.trim().split(/\s+/))
  return lines.filter(([, local, , state]) => local === here && OPEN.includes(state ?? '')).length
}
