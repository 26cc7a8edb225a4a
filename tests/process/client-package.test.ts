import { execFile } from 'node:child_process'
import { readFile, rm, writeFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import t from 'tap'
import { readAPIDocument, renderClientTypes } from '../support/http/api-document.ts'

const run = promisify(execFile)

/** Inside the package, whose name it imports. */
const FILE = 'dist/tests/process/client-consumer.mts'
const BROWSER = ['--lib', 'es2022,dom', '--types', '', '--module', 'nodenext', '--strict', '--noEmit', '--ignoreConfig']

/** What the compiler complains of. */
async function compile(source: string): Promise<string> {
  await writeFile(FILE, source)
  // tap has every Node.js that a test starts load its own modules, with which the compiler does not start; it adds them
  // to the environment again where they are left out, so they are taken out behind its back.
  return run('env', ['-u', 'NODE_OPTIONS', 'node_modules/.bin/tsc', ...BROWSER, FILE]).then(
    ({ stdout }) => stdout,
    ({ stdout, stderr }: { stdout: string; stderr: string }) => stdout + stderr,
  )
}

t.test("the client's types are those of the API description; npm run client:types makes them", async (t) => {
  t.equal(await readFile('client/api-types.ts', 'utf8'), await renderClientTypes(await readAPIDocument()))
})

t.test('a program for browsers that uses the client compiles, with nothing of Node.js', async (t) => {
  t.teardown(() => rm(FILE))
  const program = `
    import { createWalletClient, type ProblemCode, type Transaction, WalletProblem } from 'wallet-service/client'
    const client = createWalletClient({ url: '' })
    const done: Transaction = await client.transfer({ from: 'a', to: 'b', amount: 1n }, { signal: new AbortController().signal })
    const balance: bigint = done.balance
    const code: ProblemCode = 'INSUFFICIENT_BALANCE'
    document.title = String(balance) + code + WalletProblem.name
  `
  t.equal(await compile(program), '')
  t.match(await compile(program.replace('INSUFFICIENT', 'INSUFICIENT')), /TS2820/, 'and its types are at work')
  t.match(await compile(program.replace('document', 'process')), /'process'/, 'and there is no Node.js')
})

const CLIENT_FILES = [
  ...['client', 'answers', 'errors', 'exchange', 'gathering', 'lists', 'movements', 'problems'],
  ...['sendable', 'transport'],
]

t.test('the client runs where there are a browser’s globals only', async (t) => {
  for (const name of CLIENT_FILES) {
    const text = await readFile(`dist/client/${name}.js`, 'utf8')
    t.notMatch(text, /\b(?:node:|require\(|process\.|Buffer\b|setImmediate|global\.)/, name)
  }
})
