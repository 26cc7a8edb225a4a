import { randomBytes } from 'node:crypto'
import { appendFile, cp, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { toURL } from '../../db/address.ts'
import { createBareDatabase } from '../support/database/database.ts'
import { freePort } from '../support/database/relay.ts'
import { eventually } from '../support/eventually.ts'
import { checkAfterwards, startLoad } from '../support/process/load.ts'
import { createClient } from '../support/process/service-client.ts'
import { startServiceProcess } from '../support/process/service-process.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { buildImage, docker, startContainer } from './docker.ts'

/** Two builds from nothing, on a machine that does other things. */
const TIMEOUT_MS = 600_000
const IMAGE = `wallet-service-test:${randomBytes(4).toString('hex')}`
/** What it may add to the image of Node.js. */
const MOST_MB = 40
const CLIENTS = 20
const WRITES = 200

/** As far as the test looks. */
interface SBOM {
  readonly bomFormat: string
  readonly metadata: { readonly component: { readonly purl: string } }
  readonly components: readonly { readonly name: string; readonly version: string }[]
}

/** What stands in node_modules, a line each: a folder of a package, not one inside a package. */
const LIST_PACKAGES = `
  const { globSync, readFileSync } = require('node:fs')
  for (const file of globSync('node_modules/**/package.json')) {
    if (!/(?:^|\\/)node_modules\\/(?:@[^/]+\\/)?[^/]+\\/package\\.json$/.test(file)) continue
    const { name, version } = JSON.parse(readFileSync(file, 'utf8'))
    console.log(name + '@' + version)
  }`

t.setTimeout(TIMEOUT_MS)

async function inspectImage(image: string, format: string): Promise<string> {
  return docker('image', 'inspect', '--format', format, image)
}

/** What is built from, as a folder of its own. */
async function copySources(t: Test): Promise<string> {
  const folder = await temporaryFolder(t)
  const parts = (await readFile('.dockerignore', 'utf8'))
    .split('\n')
    .flatMap((line) => line.match(/^!(.+)$/)?.[1] ?? [])
  for (const part of ['Dockerfile', '.dockerignore', ...parts])
    await cp(part, join(folder, part), { recursive: true, preserveTimestamps: true })
  return folder
}

async function layersOf(image: string): Promise<readonly string[]> {
  return JSON.parse(await inspectImage(image, '{{json .RootFS.Layers}}'))
}

t.test('the image is built, and adds little to that of Node.js', async (t) => {
  const folder = await copySources(t)
  await buildImage(t, folder, IMAGE)
  const base = /^FROM (\S+)$/m.exec(await readFile('Dockerfile', 'utf8'))?.[1] ?? ''
  const [size, baseSize] = [await inspectImage(IMAGE, '{{.Size}}'), await inspectImage(base, '{{.Size}}')]
  const addedMB = (Number(size) - Number(baseSize)) / 1e6
  t.comment(`${(Number(size) / 1e6).toFixed(0)} MB, ${addedMB.toFixed(1)} of them on top of ${base}`)
  t.ok(addedMB < MOST_MB, `${addedMB} MB`)

  t.test('it runs as someone without rights, on a file system that it cannot write to', async (t) => {
    t.notMatch(await inspectImage(IMAGE, '{{.Config.User}}'), /^(root|0)?(:|$)/)
    const database = await createBareDatabase(t)
    const port = await freePort()
    const container = await startContainer(
      t,
      ...['--read-only', '--cap-drop', 'ALL', '--security-opt', 'no-new-privileges', '--network', 'host'],
      ...['--env', 'AUTH=none', '--env', `PORT=${port}`, '--env', `DATABASE_URL=${toURL(database)}`],
      IMAGE,
    )
    await container.healthy()
    t.not(await container.run('id', '-u'), '0')
    await t.rejects(container.run('touch', '/service/here'), /Read-only file system/)

    const url = `http://127.0.0.1:${port}`
    const load = await startLoad(url, CLIENTS)
    await eventually('writes were acknowledged', 30_000, () => (load.acknowledged() >= WRITES ? true : undefined))
    t.equal(await container.stop(), 0, 'SIGTERM ends it with 0')
    await load.over
    t.match(await container.log(), /SIGTERM: draining accepted requests, then stopping/)
    t.strictSame(load.otherAnswers, [], 'what was accepted was answered')
    const service = await startServiceProcess(t, { env: { DATABASE_URL: toURL(database) } })
    const { lost } = await checkAfterwards(service.url, load)
    t.strictSame(lost, [], 'and what was answered is there')
  })

  t.test('its labels say what it is, and which version and commit it was built from', async (t) => {
    const { version } = JSON.parse(await readFile('package.json', 'utf8'))
    const labels = async (image: string) => JSON.parse(await inspectImage(image, '{{json .Config.Labels}}'))
    t.match(await labels(IMAGE), {
      'org.opencontainers.image.title': 'Wallet service',
      'org.opencontainers.image.description': /money/,
      'org.opencontainers.image.licenses': /^LicenseRef-/,
      'org.opencontainers.image.version': version,
      'org.opencontainers.image.revision': 'unknown',
    })
    const released = `${IMAGE}-released`
    const before = await layersOf(IMAGE)
    await buildImage(t, folder, released, ['--build-arg', 'VERSION=9.8.7', '--build-arg', 'REVISION=0123abc'])
    t.match(await labels(released), {
      'org.opencontainers.image.version': '9.8.7',
      'org.opencontainers.image.revision': '0123abc',
    })
    t.strictSame(await layersOf(released), before, 'nothing else is different')
  })

  t.test('its list of parts names every package that is installed in it, and no other', async (t) => {
    const container = await startContainer(t, '--read-only', '--entrypoint', 'sleep', IMAGE, '600')
    const { bomFormat, metadata, components }: SBOM = JSON.parse(await container.run('cat', '/service/sbom.cdx.json'))
    t.equal(bomFormat, 'CycloneDX')
    t.match(metadata.component.purl, 'pkg:npm/wallet-service@')
    const installed = (await container.run('node', '--eval', LIST_PACKAGES)).split('\n')
    const listed = components.map(({ name, version }) => `${name}@${version}`)
    t.strictSame([...new Set(listed)].sort(), [...new Set(installed)].sort())
    const { dependencies } = JSON.parse(await container.run('cat', '/service/package.json'))
    t.ok(Object.keys(dependencies).length > 20)
    for (const [name, version] of Object.entries(dependencies)) t.ok(listed.includes(`${name}@${version}`), name)
  })

  t.test('it is unhealthy while its database is away, says why, and shows its pages all the same', async (t) => {
    const port = await freePort()
    const away = `postgres://wallet:wallet@127.0.0.1:${await freePort()}/wallet`
    const container = await startContainer(
      t,
      ...['--network', 'host', '--env', 'AUTH=none', '--env', `PORT=${port}`, '--env', `DATABASE_URL=${away}`, IMAGE],
    )
    await eventually('it listens', 30_000, async () => (/waiting for/.test(await container.log()) ? true : undefined))
    const url = `http://127.0.0.1:${port}`
    t.equal((await createClient(url).call('GET', '/readyz')).status, 503)
    for (const path of ['/docs', '/llms.txt', '/console/', '/console/console/main.js', '/console/lib/uplot.js'])
      t.equal((await fetch(`${url}${path}`)).status, 200, `the image has ${path}`)
    t.equal(await container.stop(), 0)
  })

  t.test(
    'after a change of the sources nothing is installed again, and only the sources are another layer',
    async (t) => {
      await appendFile(join(folder, 'src/app/main.ts'), "\nprocess.title = 'wallet-service'\n")
      const changed = `${IMAGE}-changed`
      const output = await buildImage(t, folder, changed)
      t.notMatch(output, /added \d+ packages/, 'npm ci did not run')
      const [before, after] = [await layersOf(IMAGE), await layersOf(changed)]
      t.equal(after.length, before.length)
      t.strictSame(after.filter((layer, index) => layer !== before[index]).length, 1)
      t.not(after.at(-1), before.at(-1))
    },
  )
})
