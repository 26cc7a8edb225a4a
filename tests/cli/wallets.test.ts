import { createServer } from 'node:http'
import t from 'tap'
import { calledAs } from '../../cli/command-line.ts'
import { freePort } from '../support/database/relay.ts'
import { listenOnFreePort } from '../support/listen.ts'
import { startCommandWorld } from '../support/process/command-world.ts'
import { runHere } from '../support/process/run-command-line.ts'

t.test('each command states the outcome, in words or as the service says it', async (t) => {
  const { here: run, client } = await startCommandWorld(t)
  const says = async (...parameters: string[]) => {
    const { code, stdout, stderr } = await run(...parameters)
    t.same([code, stderr], [0, ''], parameters.join(' '))
    return stdout
  }
  t.equal(await says('open', 'carl'), 'carl has 0 dollars (0 base units)\n')
  t.equal(await says('balance', 'ann'), 'ann has 5 dollars (5000000 base units)\n')
  t.equal(
    await says('transfer', 'ann', 'bob', '1.25usd'),
    'transferred 1.25 dollars (1250000 base units) to bob; ann has 3.75 dollars (3750000 base units)\n',
  )
  t.equal(
    await says('withdraw', 'bob', '250000'),
    'withdrew 0.25 dollars (250000 base units); bob has 1 dollar (1000000 base units)\n',
  )
  t.equal(
    await says('deposit', 'bob', '1'),
    'deposited 0.000001 dollars (1 base unit); bob has 1.000001 dollars (1000001 base units)\n',
  )
  t.match((await client.wallet('ann')).body, { balance: 3_750_000 })

  t.equal(await says('open', 'ann', '--json'), `${(await client.wallet('ann')).text}\n`, 'it finds it open')
  t.equal(await says('balance', 'bob', '--json'), `${(await client.wallet('bob')).text}\n`)
  for (const parameters of [
    ['deposit', 'ann', '9007199254.740991usd'],
    ['withdraw', 'ann', '9007199254740991'],
    ['transfer', 'ann', 'bob', '3'],
  ]) {
    if (parameters[0] === 'deposit') await says('withdraw', 'ann', '3750000')
    if (parameters[0] === 'transfer') await says('deposit', 'ann', '3')
    const { id, ...transaction } = JSON.parse(await says(...parameters, '--json'))
    const page = await client.history('ann', '?limit=1')
    t.equal(page.text, `{"transactions":[${JSON.stringify({ id, ...transaction })}],"nextIDBefore":${id}}`)
  }
})

t.test('a movement takes a reference, fields of its own and a condition', async (t) => {
  const { here: run, client } = await startCommandWorld(t)
  const note = ['--reference', 'order 1042', '--metadata', 'channel=web', '--metadata', 'a=b=c']
  for (const parameters of [
    ['deposit', 'ann', '1', '--if-version', '1'],
    ['withdraw', 'ann', '1', '--if-version', '2'],
    ['transfer', 'ann', 'bob', '1', '--if-version', '3'],
  ]) {
    const { code, stdout } = await run(...parameters, ...note, '--json')
    t.equal(code, 0)
    t.match(JSON.parse(stdout), { reference: 'order 1042', metadata: { channel: 'web', a: 'b=c' } })
  }
  t.match(await run('withdraw', 'ann', '1', '--if-version', '3'), {
    ...{ code: 1, stdout: '', stderr: /^wallet: VERSION_MISMATCH: The wallet had another version/ },
  })
  t.match((await client.wallet('ann')).body, { version: 4 })
})

t.test('a wallet is frozen, opened and closed, and its balance says so', async (t) => {
  const { here: run } = await startCommandWorld(t)
  const frozen = 'ann has 5 dollars (5000000 base units); the wallet is frozen\n'
  t.match(await run('state', 'ann', 'frozen', '--reason', 'a test'), { code: 0, stdout: frozen, stderr: '' })
  t.match(await run('balance', 'ann'), { stdout: frozen })
  t.match(JSON.parse((await run('balance', 'ann', '--json')).stdout), { state: 'frozen' })
  t.match(await run('withdraw', 'ann', '1'), { code: 1, stderr: /^wallet: WALLET_FROZEN: / })
  t.match(await run('state', 'ann', 'closed', '--reason', 'a test'), { code: 1, stderr: /^wallet: WALLET_NOT_EMPTY: / })
  const { stdout } = await run('state', 'ann', 'open', '--reason', 'a test')
  t.equal(stdout, 'ann has 5 dollars (5000000 base units)\n')
  t.match(await run('state', 'bob', 'closed', '--reason', 'a test'), { stdout: /the wallet is closed\n$/ })
})

t.test('a user ID is taken as it stands, and one that looks like an option behind --', async (t) => {
  const { here: run } = await startCommandWorld(t)
  for (const user of ['名前', "o'neil/../x?y#z%20", '..a', 'a b', '-x']) {
    t.match(await run('open', '--', user), { code: 0, stdout: `${user} has 0 dollars (0 base units)\n` })
    t.match(await run('transfer', '--', 'ann', user, '1'), { code: 0 })
  }
  t.match(await run('balance', 'ann'), { stdout: 'ann has 4.999995 dollars (4999995 base units)\n' })
})

t.test('an answer that is no ends with 1, and one line that says why', async (t) => {
  const { here: run } = await startCommandWorld(t)
  for (const [parameters, line] of [
    [['withdraw', 'bob', '1'], 'INSUFFICIENT_BALANCE: The balance was less than the amount.'],
    [['balance', 'carl'], `WALLET_NOT_FOUND: This user has no wallet. To open one: ${calledAs()} open USER`],
    [['history', 'carl'], `WALLET_NOT_FOUND: This user has no wallet. To open one: ${calledAs()} open USER`],
    [
      ['transfer', 'ann', 'carl', '1'],
      `PASSIVE_WALLET_NOT_FOUND: The recipient had no wallet. To open one: ${calledAs()} open USER`,
    ],
    [
      ['transfer', 'ann', 'ann', '1', '--json'],
      'SELF_TRANSFER: passiveUserID must differ from the user in the path. FROM and TO are the same.',
    ],
  ] as const)
    t.match(await run(...parameters), { code: 1, stdout: '', stderr: `wallet: ${line}\n` })
})

t.test(
  'an ID that is not known may have been executed under a key that was taken away, and nothing is paid',
  async (t) => {
    const { here: run } = await startCommandWorld(t)
    const id = '0193cdb2-1d20-8a3f-9c41-5f0e6b7a8c9d'
    const ended = await run('deposit', 'bob', '1', '--transaction-id', id)
    t.match(ended, { code: 3, stdout: '', stderr: /^wallet: TRANSACTION_ID_UNKNOWN: No such ID/ })
    t.match(ended.stderr, `Transaction ID: ${id}.\n`)
  },
)

t.test('where no service answers, every command says so at once, and how to start one', async (t) => {
  const url = `http://127.0.0.1:${await freePort()}`
  const start = `Start one with "${calledAs()} start", or say where it is by --url or WALLET_URL.`
  const line = `wallet: no service answers at ${url} (ECONNREFUSED). ${start}`
  for (const parameters of [
    ['open', 'ann'],
    ['balance', 'ann'],
    ['history', 'ann'],
  ]) {
    const ended = await runHere(parameters, { WALLET_URL: url })
    t.match(ended, { code: 1, stdout: '', stderr: `${line}\n` })
  }
  for (const parameters of [
    ['deposit', 'ann', '1'],
    ['withdraw', 'ann', '1'],
    ['transfer', 'ann', 'bob', '1'],
  ])
    t.match(await runHere([...parameters, '--url', url]), {
      ...{ code: 1, stdout: '' },
      stderr: `${line} Nothing was moved.\n`,
    })
  const nowhere = await runHere(['balance', 'ann', '--url', 'http://no-such-host.invalid'])
  t.match(nowhere, { code: 1, stderr: /^wallet: no service answers at http:\/\/no-such-host.invalid \(E/ })
})

t.test('what answers and is not the service is named, and what it says does not steer the terminal', async (t) => {
  const steering = '\x1b[2J'
  const problem = { type: 'x', title: 'x', status: 400, code: steering, detail: steering, instance: 'x' }
  const answers: Readonly<Record<string, string>> = { '/a': '<h1>It works!</h1>', '/b': JSON.stringify(problem) }
  const server = createServer(({ url = '' }, response) => {
    response.statusCode = url.startsWith('/a') ? 404 : 400
    response.end(answers[url.slice(0, 2)])
  })
  const url = await listenOnFreePort(t, server)
  const other = await runHere(['deposit', 'ann', '1', '--url', `${url}/a`])
  t.match(other, {
    code: 1,
    stderr: `wallet: UNEXPECTED_ANSWER: an answer 404 that is none of the service's. Is it the wallet service that answers at ${url}/a?\n`,
  })
  const hostile = await runHere(['balance', 'ann', '--url', `${url}/b`])
  t.match(hostile, { code: 1, stderr: 'wallet: �[2J: �[2J\n' })
})
