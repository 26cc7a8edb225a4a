import { Session } from 'node:inspector'

/*
 * Loaded before a service: when that ends, says on standard error which scripts of OpenTelemetry it had loaded. V8 itself
 * is asked, since it knows modules of both kinds.
 */

const session = new Session()
const urls = new Set<string>()
session.connect()
session.on('Debugger.scriptParsed', ({ params }) => void urls.add(params.url))
session.post('Debugger.enable')
process.on('exit', () => {
  const packages = [...urls].flatMap((url) => /@opentelemetry\/[\w-]+/.exec(url) ?? [])
  process.stderr.write(`scripts: ${urls.size}; ${[...new Set(packages)].sort().join(' ')}\n`)
})
