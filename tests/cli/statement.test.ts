import t from 'tap'
import { parsePeriod } from '../../cli/periods.ts'
import { SECOND } from '../support/http/http.ts'
import { startCommandWorld } from '../support/process/command-world.ts'

/** The clock of the service stands at 2024-12-16T03:59:02.608558Z. */
const DECEMBER = ['2024-12-01T00:00:00.000000Z', '2025-01-01T00:00:00.000000Z'] as const

t.test('a period is a year, a month or a day, in UTC', async (t) => {
  const of = (text: string) => Object.values(parsePeriod(text) ?? {})
  t.strictSame(of('2026'), ['2026-01-01T00:00:00Z', '2027-01-01T00:00:00Z'])
  t.strictSame(of('2026-12'), ['2026-12-01T00:00:00Z', '2027-01-01T00:00:00Z'])
  t.strictSame(of('2024-02'), ['2024-02-01T00:00:00Z', '2024-03-01T00:00:00Z'])
  t.strictSame(of('2024-02-29'), ['2024-02-29T00:00:00Z', '2024-03-01T00:00:00Z'])
  t.strictSame(of('0099'), ['0099-01-01T00:00:00Z', '0100-01-01T00:00:00Z'])
  for (const text of ['', '26', '2026-13', '2026-1', '2026-02-29', '2026-04-31', '2026-10-05T00:00:00Z', '9999', 'May'])
    t.strictSame(of(text), [], text)
})

t.test('a statement is a table, what the service says, or a row of csv', async (t) => {
  const { here: run, client } = await startCommandWorld(t)
  await run('open', '=1+1')
  await run('transfer', 'ann', '=1+1', '1.25usd')
  await run('withdraw', 'ann', '1')
  const table = await run('statement', 'ann', '2024-12')
  t.same([table.code, table.stderr], [0, ''])
  t.same(table.stdout.split('\n'), [
    `ann, from ${DECEMBER[0]} until before ${DECEMBER[1]} (UTC)`,
    'LINE          COUNT    DOLLARS',
    'opening               0.000000',
    'deposit           1  +5.000000',
    'withdrawal        1  -0.000001',
    'transfer-in       0  +0.000000',
    'transfer-out      1  -1.250000',
    'closing           3   3.749999',
    '',
  ])
  const { text } = await client.statement('ann', ...DECEMBER)
  for (const options of [['--json'], ['--format', 'json']])
    t.equal(
      (await run('statement', 'ann', '2024', ...options)).stdout,
      `${(await client.statement('ann', '2024-01-01T00:00:00Z', '2025-01-01T00:00:00Z')).text}\n`,
    )
  t.equal((await run('statement', 'ann', '--from', DECEMBER[0], '--to', DECEMBER[1], '--json')).stdout, `${text}\n`)
  t.same((await run('statement', '=1+1', '2024-12', '--format', 'csv')).stdout.split('\n'), [
    'userID,from,to,opening,closing,count,firstID,lastID,deposit count,deposit amount,withdrawal count,withdrawal amount,transfer-in count,transfer-in amount,transfer-out count,transfer-out amount',
    `'=1+1,${DECEMBER},0,1250000,1,1,1,0,0,0,0,1,1250000,0,0`,
    '',
  ])
  t.match((await run('statement', 'bob', '2024-12', '--format', 'csv')).stdout, /Z,0,0,0,,,0,0,0,0,0,0,0,0\n$/)
})

t.test('a sum that is more than a number holds is exact in every format', async (t) => {
  const { here: run } = await startCommandWorld(t)
  for (let n = 0; n < 2; n += 1) {
    await run('deposit', 'bob', '9007199254740991')
    await run('withdraw', 'bob', '9007199254740991')
  }
  t.match((await run('statement', 'bob', '2024')).stdout, /deposit +2 +\+18014398509\.481982\n/)
  t.match((await run('statement', 'bob', '2024', '--json')).stdout, '"1":{"count":2,"amount":"18014398509481982"}')
  t.match(
    (await run('statement', 'bob', '2024', '--format', 'csv')).stdout,
    ',2,18014398509481982,2,18014398509481982,',
  )
})

t.test('a period that is not over says so, and a wallet that is not there too', async (t) => {
  const { here: run } = await startCommandWorld(t)
  t.match(await run('statement', 'ann', '9998'), {
    ...{ code: 0, stderr: 'The period is not over: this is how it stands so far.\n' },
  })
  t.match(await run('statement', 'ann', '9998', '--json'), { code: 0, stderr: '' })
  t.match(await run('statement', 'eve', '2024'), { code: 1, stderr: /^wallet: WALLET_NOT_FOUND: .* open USER\n$/ })
})

t.test('a period is given in one way, and in its order', async (t) => {
  const { here: run } = await startCommandWorld(t)
  const [from, to] = DECEMBER
  for (const options of [[], ['--from', from], ['--to', to], ['2024', '--from', from, '--to', to]])
    t.match(await run('statement', 'ann', ...options), {
      code: 2,
      stderr: /^wallet: give either PERIOD, .* both --from/,
    })
  const reversed = await run('statement', 'ann', '--from', to, '--to', from)
  t.match(reversed, { code: 1, stderr: /^wallet: INVALID_REQUEST: .* \/from: must be before to/ })
})

t.test('a balance may be that of a moment', async (t) => {
  const { here: run, client, clock } = await startCommandWorld(t)
  clock.move(SECOND)
  await client.deposit('ann', 1)
  await client.setState('ann', 'frozen')
  clock.move(SECOND)
  t.match(await run('balance', 'ann', '--at', '2024-12-16T03:59:03Z'), {
    ...{ code: 0, stdout: 'ann had 5 dollars (5000000 base units)\n' },
  })
  t.match(await run('balance', 'ann', '--at', '2024-12-16T03:59:04Z'), {
    stdout: 'ann had 5.000001 dollars (5000001 base units); the wallet was frozen\n',
  })
  const { stdout } = await run('balance', 'ann', '--at', '2024-12-16T03:59:03Z', '--json')
  t.match(JSON.parse(stdout), { balance: 5_000_000, at: '2024-12-16T03:59:03.000000Z' })
  t.match(await run('balance', 'ann', '--at', '2999-01-01T00:00:00Z'), {
    ...{ code: 1, stderr: /INVALID_REQUEST: .* \/at: must be in the past: by the clock of the database it is 2024-/ },
  })
})
