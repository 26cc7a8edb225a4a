import t from 'tap'
import { migrate } from '../../db/migrate.ts'
import { toUserID } from '../../src/domain/user-id.ts'
import { command, deposit, executed } from '../contract/store-calls.ts'
import { openTestStore } from '../support/database/connections.ts'
import { administer } from '../support/database/database.ts'
import { createFeedReader, nameOf } from '../support/database/feed-reader.ts'
import { startOwnServer } from '../support/database/own-server.ts'
import { beginWrite } from '../support/database/slow-writer.ts'

t.test(
  'a transaction that was left prepared holds the feed back, through a crash, until someone ends it',
  async (t) => {
    const server = await startOwnServer(t)
    await migrate(server.address, 'up')
    await administer(server.address, 'ALTER SYSTEM SET max_prepared_transactions = 2')
    await server.killServer()
    await server.accepting()
    const before = await openTestStore(t, server.address)
    await before.open([toUserID('ann')])
    await executed(before, command(toUserID('ann'), deposit(1n)))
    const reader = createFeedReader(before)
    await reader.toEnd()
    await (await beginWrite(server.address, 'left')).prepare('left behind')
    await executed(before, command(toUserID('ann'), deposit(1n)))
    await reader.toEnd()
    t.strictSame(reader.read.map(nameOf), ['ann 1'], 'nothing behind it is given')

    await server.killServer()
    await server.accepting()
    const after = await openTestStore(t, server.address)
    const second = createFeedReader(after, reader.cursors.at(-1))
    await second.toEnd()
    t.strictSame(second.read, [])
    t.match(await after.feedHold(), { oldest: /^\d+$/, prepared: 1 }, 'the figures say so')
    await administer(server.address, `COMMIT PREPARED 'left behind'`)
    await second.toEnd()
    t.strictSame(second.read.map(nameOf), ['left 1', 'ann 2'])
    t.strictSame(await after.feedHold(), { oldest: undefined, prepared: 0 })
  },
)
