import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { access, readFile, writeFile } from 'node:fs/promises'
import { Agent, request } from 'node:https'
import { join } from 'node:path'
import type { Test } from 'tap'
import { freePort } from '../support/database/relay.ts'
import { eventually } from '../support/eventually.ts'
import { type Call, type Send, toAnswer } from '../support/http/http.ts'
import { SELF_SIGNED } from '../support/http/self-signed.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const START_LIMIT_MS = 10_000

/** Text of a configuration, and what stands there in a test. */
type Substitutions = Readonly<Record<string, string>>

/** Where a proxy that a test starts has its things. */
interface Place {
  readonly port: number
  /** For plain HTTP. */
  readonly plainPort: number
  readonly folder: string
  readonly certificate: string
  readonly key: string
}

interface Kind {
  readonly program: string
  readonly missing: string
  /** The file that is tested. */
  readonly configuration: string
  /** The one list of what differs from it in a test; each text is there. */
  substitutions(place: Place): Substitutions
  parameters(file: string): readonly string[]
}

const NGINX: Kind = {
  program: '/usr/sbin/nginx',
  missing: 'Install nginx: apt-get install nginx-light, or https://nginx.org/en/download.html',
  configuration: 'deploy/nginx.conf',
  substitutions: ({ port, plainPort, folder, certificate, key }) => ({
    // Only root may become another user.
    ...(process.getuid?.() !== 0 && { 'user www-data;': '' }),
    '/run/nginx.pid': join(folder, 'nginx.pid'),
    '/var/log/nginx/': `${folder}/`,
    'listen 80;': `listen 127.0.0.1:${plainPort};`,
    'listen 443 ': `listen 127.0.0.1:${port} `,
    'server_name wallet.example;': 'server_name 127.0.0.1;',
    '/etc/ssl/wallet/certificate.pem': certificate,
    '/etc/ssl/wallet/key.pem': key,
  }),
  parameters: (file) => ['-c', file, '-g', 'daemon off;'],
}

const CADDY: Kind = {
  program: '/usr/bin/caddy',
  missing: 'Install Caddy: apt-get install caddy, or https://caddyserver.com/docs/install',
  configuration: 'deploy/Caddyfile',
  substitutions: ({ port, plainPort, folder, certificate, key }) => ({
    '{\n\tservers {': `{\n\tadmin off\n\thttp_port ${plainPort}\n\tservers {`,
    '\nwallet.example {': `\nhttps://127.0.0.1:${port} {\n\tbind 127.0.0.1\n\ttls ${certificate} ${key}`,
    '/var/log/caddy/': `${folder}/`,
  }),
  parameters: (file) => ['run', '--adapter', 'caddyfile', '--config', file],
}

export const PROXIES = { nginx: NGINX, Caddy: CADDY }

export interface ReverseProxy {
  /** Without a slash at its end. */
  readonly url: string
  readonly plainURL: string
  readonly send: Send
  /** Sends from an address of its own over connections of its own. */
  sendFrom(address: string): Send
  /** What trusts the proxy's certificate. */
  readonly certificate: string
  /** Its access log. */
  log(): Promise<string>
}

/** A proxy with its file from `deploy/` in front of these instances, which must be two. */
export async function startProxy(
  t: Test,
  kind: Kind,
  [first = '', second = '']: readonly string[],
  more: Substitutions = {},
): Promise<ReverseProxy> {
  await access(kind.program).catch(() => {
    throw new Error(`${kind.program} is missing. ${kind.missing}`)
  })
  const folder = await temporaryFolder(t)
  const place: Place = {
    ...{ port: await freePort(), plainPort: await freePort(), folder },
    certificate: join(folder, 'certificate.pem'),
    key: join(folder, 'key.pem'),
  }
  await writeFile(place.certificate, SELF_SIGNED.cert)
  await writeFile(place.key, SELF_SIGNED.key)
  const file = join(folder, 'configuration')
  const instances = { '127.0.0.1:8080': new URL(first).host, '127.0.0.1:8081': new URL(second).host }
  const text = await readFile(kind.configuration, 'utf8')
  await writeFile(file, substitute(text, { ...more, ...kind.substitutions(place), ...instances }))
  await run(t, kind, file, folder, place.port)
  const sendFrom = (address: string) => sendOverTLS(t, place.port, address)
  return {
    url: `https://127.0.0.1:${place.port}`,
    plainURL: `http://127.0.0.1:${place.plainPort}`,
    send: sendFrom('127.0.0.1'),
    sendFrom,
    certificate: place.certificate,
    log: () => readFile(join(folder, 'access.log'), 'utf8'),
  }
}

/** @throws if a text is not there: then the test would run another configuration than it thinks. */
function substitute(text: string, substitutions: Substitutions): string {
  return Object.entries(substitutions).reduce((changed, [from, to]) => {
    if (!changed.includes(from)) throw new Error(`${JSON.stringify(from)} is not in the configuration`)
    return changed.replaceAll(from, to)
  }, text)
}

async function run(t: Test, kind: Kind, file: string, folder: string, port: number): Promise<void> {
  const env = { PATH: process.env.PATH, HOME: folder }
  const child = execFile(kind.program, [...kind.parameters(file)], { cwd: folder, env })
  let failure = ''
  child.stderr?.on('data', (text: string) => {
    failure += text
  })
  child.once('error', (error) => {
    failure += error.message
  })
  t.teardown(async () => {
    if (child.exitCode !== null || child.pid === undefined) return
    const ended = once(child, 'exit')
    // Not SIGKILL: nginx has processes of its own to end.
    child.kill('SIGTERM')
    await ended
  })
  const ask = sendOverTLS(t, port, '127.0.0.1')
  await eventually('the proxy answers', START_LIMIT_MS, () => {
    if (child.exitCode !== null || child.pid === undefined) throw new Error(`the proxy ended: ${failure}`)
    return ask({ method: 'GET', path: '/livez' }).catch(() => undefined)
  })
}

function sendOverTLS(t: Test, port: number, localAddress: string): Send {
  const agent = new Agent({ keepAlive: true, ca: SELF_SIGNED.cert, localAddress })
  t.teardown(() => agent.destroy())
  return async (call) => {
    const { body, headers } = written(call)
    const sent = request({ host: '127.0.0.1', port, agent, method: call.method, path: call.path, headers })
    sent.end(body)
    const [response] = await once(sent, 'response')
    return toAnswer(response.statusCode, response.headers, Buffer.concat(await response.toArray()))
  }
}

function written({ body, headers = {} }: Call) {
  if (body === undefined) return { body: '', headers: { 'content-length': '0', ...headers } }
  const bytes =
    typeof body === 'string' || Buffer.isBuffer(body) ? Buffer.from(body) : Buffer.from(JSON.stringify(body))
  return {
    body: bytes,
    headers: { 'content-type': 'application/json', 'content-length': String(bytes.length), ...headers },
  }
}

/** The same service below a path. */
export function below(path: string, send: Send): Send {
  return (call) => send({ ...call, path: `${path}${call.path}` })
}
