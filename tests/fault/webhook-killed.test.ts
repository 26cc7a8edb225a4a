import t, { type Test } from 'tap'
import { type ServerAddress, toURL } from '../../db/address.ts'
import { administer, createTestDatabase } from '../support/database/database.ts'
import { eventually } from '../support/eventually.ts'
import { readFigures } from '../support/http/figures.ts'
import {
  HANG,
  REFUSE,
  startReceiver,
  TAKE,
  type TestReceiver,
  WEBHOOK_SECRET,
} from '../support/http/webhook-receiver.ts'
import { createClient } from '../support/process/service-client.ts'
import { type ServiceProcess, startServiceProcess } from '../support/process/service-process.ts'

/*
 * The one that delivers is killed at each step of a message, and held there until it is: by the receiver, or by the row that it
 * writes next. Whatever happens, what the receiver has taken must be, once what came
 * twice is left out, everything that was written, in the order of the feed.
 */

const LIMIT_MS = 60_000
const USERS = ['ann', 'bob']
const WRITERS = 4

interface World {
  readonly database: ServerAddress
  readonly receiver: TestReceiver
  readonly services: ServiceProcess[]
  /** Waits for the one that delivers. */
  deliverer(): Promise<ServiceProcess>
  start(): Promise<ServiceProcess>
  /** Writes some transactions, by any service that answers. */
  write(count: number): Promise<void>
}

async function startWorld(t: Test, instances: number): Promise<World> {
  const database = await createTestDatabase(t)
  const receiver = await startReceiver(t)
  const services: ServiceProcess[] = []
  async function start(): Promise<ServiceProcess> {
    const env = { DATABASE_URL: toURL(database), WEBHOOK_URL: `${receiver.url}/hook`, WEBHOOK_SECRET }
    const service = await startServiceProcess(t, { env })
    services.push(service)
    return service
  }
  const first = await start()
  for (let others = instances - 1; others > 0; others -= 1) await start()
  for (const user of USERS) await createClient(first.url).open(user)
  return {
    ...{ database, receiver, services, start },
    deliverer: () =>
      eventually('one that delivers', LIMIT_MS, async () => {
        for (const service of services) {
          const figures = await readFigures(service.url).catch(() => undefined)
          if (figures?.sum('wallet_webhook_deliverers') === 1) return service
        }
        return undefined
      }),
    async write(count) {
      const service = services.at(-1)
      if (service === undefined) throw new Error('there is no service')
      const client = createClient(service.url)
      for (let n = 0; n < count; n += 1) {
        const user = USERS[n % USERS.length] ?? 'ann'
        const { status } = await client.deposit(user, 1, await client.issue(user))
        if (status !== 200) throw new Error(`a deposit was answered with ${status}`)
      }
    },
  }
}

/** Kills it, takes it from those that there are, and waits until its server knows. */
async function kill({ database, services }: World, victim: ServiceProcess): Promise<void> {
  const before = await sessions(database)
  await victim.end('SIGKILL')
  services.splice(services.indexOf(victim), 1)
  await eventually('its session with the lock has ended', LIMIT_MS, async () => {
    const now = await sessions(database)
    return before.some((pid) => now.includes(pid)) ? undefined : true
  })
}

/** The server's processes that hold the right to deliver: one at most. */
async function sessions(database: ServerAddress): Promise<readonly number[]> {
  const rows = await administer(
    database,
    `SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND granted
       AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
  )
  return rows.map(({ pid }) => Number(pid))
}

/**
 * Has whoever keeps this sleep in it, for as long as a statement may take, each time: a lock on the row would hold the feed
 * back as well.
 */
async function sleepAt(database: ServerAddress, when: string) {
  await administer(
    database,
    `CREATE FUNCTION fall_asleep() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(3600); RETURN NEW; END';
     CREATE TRIGGER asleep BEFORE UPDATE ON webhook_delivery FOR EACH ROW WHEN (${when}) EXECUTE FUNCTION fall_asleep()`,
  )
  return {
    reached: () =>
      eventually('it sleeps there', LIMIT_MS, async () => {
        const rows = await administer(
          database,
          `SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'`,
        )
        return rows.length > 0 ? true : undefined
      }),
    async wakeUp() {
      await administer(database, 'DROP FUNCTION fall_asleep CASCADE')
    },
  }
}

async function feedOf({ database }: World): Promise<readonly string[]> {
  const rows = await administer(
    database,
    "SELECT user_id || ' ' || id AS name FROM user_wallet_transaction ORDER BY feed_number, user_id, id",
  )
  return rows.map(({ name }) => String(name))
}

/** All that was written was taken, in the order of the feed if what comes again is left out; a message is the same each time. */
async function checkAll(t: Test, world: World): Promise<void> {
  const { receiver } = world
  const expected = await feedOf(world)
  const firsts = () => [...new Set(receiver.received.flatMap(({ names }) => names))]
  await eventually('all came', LIMIT_MS, () => (firsts().length >= expected.length ? true : undefined))
  t.strictSame(firsts(), expected, 'everything, and the first time in its order')
  const bodies = new Map<string, string>()
  for (const { id, body } of receiver.received) {
    t.equal(bodies.get(id) ?? body, body, `${id} is the same each time`)
    bodies.set(id, body)
  }
  const names = [...bodies.values()].flatMap(
    (body) => receiver.received.find((each) => each.body === body)?.names ?? [],
  )
  t.strictSame(names, expected, 'no two messages have a transaction in common')
}

/** The steps of a message, each with a way to get one that delivers to stay in it. */
const STEPS: Readonly<Record<string, (world: World) => Promise<() => Promise<void>>>> = {
  async 'while it keeps what it is going to send'({ database, write, receiver }) {
    const before = receiver.received.length
    const { reached, wakeUp } = await sleepAt(database, 'NEW.batch_size > 0')
    await write(3)
    await reached()
    if (receiver.received.length > before) throw new Error('it was sent before')
    return wakeUp
  },

  async 'before anything was sent'({ database, receiver, write }) {
    receiver.server.close()
    receiver.server.closeAllConnections()
    const { port } = new URL(receiver.url)
    await write(3)
    await eventually('it finds no one', LIMIT_MS, async () => {
      const rows = await administer(database, `SELECT FROM webhook_delivery WHERE last_error LIKE '%ECONNREFUSED%'`)
      return rows.length > 0 ? true : undefined
    })
    return async () => void receiver.server.listen(Number(port), '127.0.0.1')
  },

  async 'while the receiver has it'({ receiver, write }) {
    receiver.answer(HANG)
    const before = receiver.received.length
    await write(3)
    await eventually('it came', LIMIT_MS, () => receiver.received.length > before || undefined)
    return async () => receiver.answer(TAKE)
  },

  async 'after the receiver has turned it down'({ receiver, write }) {
    receiver.answer(REFUSE)
    const before = receiver.received.length
    await write(3)
    await eventually('it was tried twice', LIMIT_MS, () => receiver.received.length >= before + 2 || undefined)
    return async () => receiver.answer(TAKE)
  },

  async 'after the receiver has taken it, before that is kept'({ database, receiver, write }) {
    const before = receiver.received.length
    const { reached, wakeUp } = await sleepAt(database, 'NEW.feed_number > OLD.feed_number')
    await write(3)
    await reached()
    if (receiver.received.length === before) throw new Error('it was not sent yet')
    return wakeUp
  },

  async 'after that was kept'({ database, receiver, write }) {
    const before = receiver.received.length
    await write(3)
    await eventually('it was kept', LIMIT_MS, async () => {
      const rows = await administer(database, 'SELECT FROM webhook_delivery WHERE batch_size = 0')
      return rows.length > 0 && receiver.received.length > before ? true : undefined
    })
    return async () => {}
  },
}

t.test('kill -9 of the one that delivers, at every step of a message, loses nothing', async (t) => {
  const world = await startWorld(t, 1)
  for (const [step, reach] of Object.entries(STEPS)) {
    await t.test(step, async (t) => {
      const victim = await world.deliverer()
      const goOn = await reach(world)
      await kill(world, victim)
      await goOn()
      await world.start()
      await world.write(2)
      await checkAll(t, world)
    })
  }
})

t.test('nor does it under load, again and again, and with sessions that are cut off', async (t) => {
  const world = await startWorld(t, 2)
  const { receiver, services, database } = world
  const turnedDown = new Set<string>()
  receiver.answer((response, message) => {
    // Some that were taken are answered with a broken connection, and some are turned down; each once, since every wait is longer.
    const number = Number(message.names[0]?.split(' ')[1])
    if (turnedDown.has(message.id) || ![3, 5].includes(number % 7)) return TAKE(response, message)
    turnedDown.add(message.id)
    return number % 7 === 3 ? response.destroy() : REFUSE(response, message)
  })
  let over = false
  async function writeOn(user: string): Promise<void> {
    while (!over) {
      const client = createClient(services[Math.floor(Math.random() * services.length)]?.url ?? '')
      try {
        for (let n = 0; n < 20 && !over; n += 1) await client.deposit(user, 1, await client.issue(user))
      } catch {
        // It was killed; the next one will do.
      }
    }
  }
  const writing = Array.from({ length: WRITERS }, (_, n) => writeOn(USERS[n % USERS.length] ?? 'ann'))
  for (let round = 0; round < 6; round += 1) {
    const before = receiver.received.length
    await eventually('messages come', LIMIT_MS, () => receiver.received.length > before + 10 || undefined)
    if (round % 2 === 0) {
      await kill(world, await world.deliverer())
      await world.start()
    } else {
      for (const pid of await sessions(database)) await administer(database, `SELECT pg_terminate_backend(${pid})`)
    }
  }
  over = true
  await Promise.all(writing)
  receiver.answer(TAKE)
  await checkAll(t, world)
  t.comment(`${receiver.received.length} messages`)
})

t.test('one whose session is cut off in the middle of a message lets go of it, before another sends it', async (t) => {
  const world = await startWorld(t, 2)
  const { receiver, database, write, deliverer } = world
  const first = await deliverer()
  receiver.answer(HANG)
  await write(1)
  await eventually('it came', LIMIT_MS, () => receiver.received.length === 1 || undefined)
  let cutOffBefore = 0
  receiver.answer((response) => {
    cutOffBefore = receiver.cutOff()
    response.end()
  })
  for (const pid of await sessions(database)) await administer(database, `SELECT pg_terminate_backend(${pid})`)
  await eventually('it came again', LIMIT_MS, () => receiver.received.length === 2 || undefined)
  t.equal(cutOffBefore, 1)
  await checkAll(t, world)
  t.match(await createClient(first.url).wallet('ann'), { status: 200 }, 'and both serve')
})
