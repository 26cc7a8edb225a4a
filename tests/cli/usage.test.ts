import t from 'tap'
import { runHere } from '../support/process/run-command-line.ts'

/** Commands that are right: with a wrong value in them nothing is asked of anybody. */
const WALLET_COMMANDS = [
  ['open', 'ann'],
  ['balance', 'ann'],
  ['deposit', 'ann', '1'],
  ['withdraw', 'ann', '1'],
  ['transfer', 'ann', 'bob', '1'],
  ['history', 'ann'],
  ['statement', 'ann', '2026-10'],
  ['state', 'ann', 'frozen', '--reason', 'a test'],
  ['export'],
]

const WRONG: readonly (readonly [parameters: readonly string[], wrong: RegExp])[] = [
  [['frobnicate'], /unknown command 'frobnicate'; see \S+ \S+ --help$/],
  [['depsoit', 'ann', '1'], /unknown command 'depsoit' \(Did you mean deposit\?\)/],
  [['--jason'], /unknown option '--jason'/],
  [['balance'], /missing required argument 'user'; see \S+ \S+ balance --help$/],
  [['deposit', 'ann'], /missing required argument 'amount'/],
  [['transfer', 'ann', 'bob'], /missing required argument 'amount'/],
  [['balance', 'ann', 'bob'], /too many arguments/],
  [['open', ''], /USER is ""; expected 1 to 128 characters/],
  [['open', ' ann'], /USER is " ann"; expected/],
  [['open', 'a\nb'], /USER is "a\\nb"; expected/],
  [['open', 'a\x9b2J'], /USER is "a�2J"; expected/],
  [['open', 'x'.repeat(129)], /USER is "x{129}"; expected/],
  [['transfer', 'ann', '\t', '1'], /TO is "\\t"; expected/],
  [['transfer', '', 'bob', '1'], /FROM is ""; expected/],
  [['balance', '.'], /USER is "\."; expected 1 to 128 characters, .* neither \. nor \.\.$/],
  [['transfer', 'ann', '..', '1'], /TO is "\.\."; expected/],
  ...['0', '-1', '1.5', '1.0000001usd', '5eur', '9007199254740992'].map(
    (text) =>
      [
        ['deposit', 'ann', text],
        new RegExp(`AMOUNT is "${text}"; expected whole base units \\(1250000\\) or dollars`),
      ] as const,
  ),
  ...['x', '0193CDB2-1D20-8A3F-9C41-5F0E6B7A8C9D', ''].map(
    (id) => [['withdraw', 'ann', '1', '--transaction-id', id], /--transaction-id is ".*"; expected/] as const,
  ),
  ...['', 'a\nb', 'x'.repeat(65)].map(
    (text) =>
      [
        ['deposit', 'ann', '1', '--reference', text],
        /--reference is ".*"; expected 1 to 64 characters, no control characters$/,
      ] as const,
  ),
  ...['', 'key', '=value', 'a\0b=c', `${'k'.repeat(41)}=v`, `k=${'v'.repeat(501)}`].map(
    (text) =>
      [['deposit', 'ann', '1', '--metadata', text], /--metadata is ".*"; expected key=value, with a key/] as const,
  ),
  [['deposit', 'ann', '1', '--metadata', 'k=v', '--metadata', 'k=w'], /--metadata is "k=w"; expected each key once$/],
  ...['-1', '1.5', '01', 'x', ''].map(
    (text) => [['deposit', 'ann', '1', '--if-version', text], /--if-version is ".*"; expected a whole number/] as const,
  ),
  [['history', 'ann', '--reference', ''], /--reference is ""; expected/],
  [['statement'], /missing required argument 'user'/],
  ...['26', '2026-13', '2026-02-30', '2026-10-05T00:00:00Z', ''].map(
    (text) => [['statement', 'ann', text], /PERIOD is ".*"; expected a year, a month or a day in UTC: 2026, /] as const,
  ),
  [['state', 'ann', '--reason', 'x'], /missing required argument 'state'/],
  [['state', 'ann', 'thawed', '--reason', 'x'], /STATE is "thawed"; expected open, frozen, closed$/],
  [['state', 'ann', 'open'], /required option '--reason <text>' not specified/],
  [['state', 'ann', 'open', '--reason', ''], /--reason is ""; expected 1 to 200 characters$/],
  [['pay', '--from', 'ann'], /missing required argument 'file'/],
  [['pay', 'file.csv'], /required option '--from <user>' not specified/],
  [['pay', 'file.csv', '--from', ''], /--from is ""; expected 1 to 128 characters/],
  [['pay', 'no-such-file.csv', '--from', 'ann'], /nothing was paid: ENOENT: no such file/],
  ...['0', '-1', '1.5', 'ten', '1000000000', ''].map(
    (limit) => [['history', 'ann', '--limit', limit], /--limit is ".*"; expected a whole number, 1 to/] as const,
  ),
  [['history', 'ann', '--limit', '5', '--all'], /'--all' cannot be used with option '--limit <count>'/],
  [['history', 'ann', '--format', 'xml'], /--format is "xml"; expected table, json, csv$/],
  [['history', 'ann', '--format', 'csv', '--json'], /'--format <format>' cannot be used with option '--json'/],
  [
    ['history', 'ann', '--type', 'deposit', '--type', '1'],
    /--type is "1"; expected deposit, withdrawal, transfer-in, /,
  ],
  ...['after', 'from', 'before'].flatMap((name) =>
    ['2026-11-22', 'yesterday', '2026-02-30T00:00:00Z', '2026-11-22T11:52:50'].map(
      (time) =>
        [['history', 'ann', `--${name}`, time], new RegExp(`--${name} is "${time}"; expected a time as RFC`)] as const,
    ),
  ),
  [['history', 'ann', '--before'], /option '--before <time>' argument missing/],
  [['migrate', 'sideways'], /DIRECTION is "sideways"; expected up, down$/],
  [['audit', 'everything'], /too many arguments/],
  [['restored', 'everything'], /too many arguments/],
]

t.test('a wrong command line ends with 2, and one line that says what is wrong with it', async (t) => {
  for (const [parameters, wrong] of WRONG) {
    const { code, stdout, stderr } = await runHere(parameters)
    t.same([code, stdout], [2, ''], parameters.join(' '))
    t.match(stderr, /^wallet: [^\n]+\n$/)
    t.match(stderr.trimEnd(), wrong)
  }
})

const WRONG_CALLS: readonly (readonly [env: Record<string, string>, options: readonly string[], wrong: RegExp])[] = [
  [{}, ['--deadline=61m'], /--deadline is "61m"; expected a whole number and a unit: 500ms, 30s, 2m; at most 60m/],
  [{ WALLET_URL: 'here' }, [], /WALLET_URL is "here"; expected/],
  [
    { WALLET_TOKEN: 'Bearer secret' },
    [],
    /WALLET_TOKEN is 13 characters \(not shown\); expected an access token alone/,
  ],
  [{}, ['--deadline=0s'], /--deadline is "0s"; expected/],
  [{}, ['--deadline=30'], /--deadline is "30"; expected/],
  [{}, ['--deadline=-1s'], /--deadline is "-1s"; expected/],
  [{}, ['--url='], /--url is ""; expected the address of a service/],
  [{}, ['--url=127.0.0.1:8080'], /--url is "127.0.0.1:8080"; expected/],
  [{}, ['--url=ftp://a'], /--url is "ftp:\/\/a"; expected/],
  [{}, ['--url=http://a/?b'], /--url is 11 characters \(not shown: a secret may be in them\); expected/],
  [{}, ['--url=http://me:secret@a'], /--url is 18 characters \(not shown: a secret may be in them\); expected/],
  [{ WALLET_TOKEN: 'secret\n' }, [], /WALLET_TOKEN is 7 characters \(not shown\)/],
  [{}, ['--token=secret'], /pass the token in WALLET_TOKEN/],
  [{}, ['--token', 'secret'], /pass the token in WALLET_TOKEN/],
]

t.test('commands for wallets look at their options before they do anything, and show no secret', async (t) => {
  // All of them once, and of each kind one with every command.
  for (const [index, parameters] of WALLET_COMMANDS.entries())
    for (const [env, options, wrong] of index === 0 ? WRONG_CALLS : WRONG_CALLS.slice(0, 3)) {
      const { code, stdout, stderr } = await runHere([...parameters, ...options], env)
      t.same([code, stdout], [2, ''], [...parameters, ...options].join(' '))
      t.match(stderr, /^wallet: [^\n]+\n$/)
      t.match(stderr, wrong)
      t.notMatch(stderr.replace('a secret may be in them', ''), 'secret')
    }
})

t.test('--help says enough to work with, of everything and of each command; --version the version', async (t) => {
  const { code, stdout, stderr } = await runHere(['--help'])
  t.same([code, stderr], [0, ''])
  t.match(stdout, 'WALLET_TOKEN')
  for (const exit of [0, 1, 2, 3, 130]) t.match(stdout, new RegExp(`^  ${exit} +\\w`, 'm'))
  const commands = [...stdout.matchAll(/^ {2}(\w+) .*/gm)]
    .map(([, name = '']) => name)
    .filter((name) => name in EXAMPLES)
  t.same(commands.sort(), Object.keys(EXAMPLES).sort())
  for (const [name, example] of Object.entries(EXAMPLES)) {
    const help = await runHere([name, '--help'])
    t.same([help.code, help.stderr], [0, ''])
    t.match(help.stdout, new RegExp(`^Usage: wallet ${name} `))
    t.match(help.stdout, `\n  ${example}\n`)
    t.match(await runHere(['help', name]), { code: 0, stdout: help.stdout })
  }
  t.match(await runHere(['--version']), { code: 0, stdout: /^\d+\.\d+\.\d+\n$/ })
  t.match(await runHere([]), { code: 2, stdout: '', stderr: /^Usage: wallet / })
})

const EXAMPLES: Readonly<Record<string, string>> = {
  start: 'PORT=8081 npx wallet start',
  migrate: 'npx wallet migrate down',
  audit: 'npx wallet audit --json > report.json',
  open: 'npx wallet open ann',
  balance: 'npx wallet balance ann --json',
  deposit: 'npx wallet deposit ann 5usd',
  withdraw: 'npx wallet withdraw bob 0.25usd',
  transfer: 'npx wallet transfer ann bob 1.25usd',
  pay: 'npx wallet pay salaries.csv --from company',
  state: "npx wallet state ann frozen --reason 'reported as stolen'",
  history: 'npx wallet history ann --type deposit --type transfer-in --limit 20',
}
