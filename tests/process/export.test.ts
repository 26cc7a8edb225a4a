import t from 'tap'
import { createWalletClient } from '../../client/client.ts'
import { toURL } from '../../db/address.ts'
import { createTestDatabase } from '../support/database/database.ts'
import { runWallet, startServiceProcess } from '../support/process/service-process.ts'

const WRITERS = 4
const BEFORE = 1500
const WHILE_EXPORTED = 1500

t.test(
  'a warehouse loads an export and goes on with the feed: under load no transaction is missing or there twice',
  async (t) => {
    const env = { DATABASE_URL: toURL(await createTestDatabase(t)) }
    const [service, other] = [await startServiceProcess(t, { env }), await startServiceProcess(t, { env })]
    const clients = [service, other].map(({ url }) => createWalletClient({ url, gather: true }))
    const users = Array.from({ length: WRITERS }, (_, index) => `user-${index}`)
    for (const user of users) await clients[0]?.open(user)
    const acknowledged = new Set<string>()
    const nameOf = ({ userID, id }: { readonly userID: string; readonly id: number }) => `${userID} ${id}`

    /** Deposits until there are so many of all writers, and `until` says so. */
    async function write(writer: number, until: () => boolean): Promise<void> {
      const client = clients[writer % clients.length]
      while (!until()) {
        const deposits = Array.from({ length: 25 }, () => client?.deposit({ to: users[writer] ?? '', amount: 1 }))
        for (const each of await Promise.all(deposits)) if (each !== undefined) acknowledged.add(nameOf(each))
      }
    }
    const writeAll = (until: () => boolean) => Promise.all(users.map((_, writer) => write(writer, until)))

    await writeAll(() => acknowledged.size >= BEFORE)
    let exported = false
    const writing = writeAll(() => exported && acknowledged.size >= BEFORE + WHILE_EXPORTED)
    const { code, stdout, stderr } = await runWallet(t, ['export', '--url', service.url], { env: {} })
    exported = true
    await writing
    t.equal(code, 0, stderr)

    const loaded = stdout
      .trimEnd()
      .split('\n')
      .map((line) => nameOf(JSON.parse(line)))
    t.ok(loaded.length >= BEFORE, `${loaded.length} were exported`)
    const after = stderr.trimEnd().split('\n').at(-1) ?? ''
    for await (const { transactions } of createWalletClient({ url: other.url }).feed({ after })) {
      loaded.push(...transactions.map(nameOf))
      if (loaded.length >= acknowledged.size) break
    }
    t.equal(loaded.length, new Set(loaded).size, 'nothing is there twice')
    t.strictSame(new Set(loaded), acknowledged, 'nothing is missing')
    t.ok(loaded.length > BEFORE)
  },
)
