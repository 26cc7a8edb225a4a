import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { bruToEnvJsonV2, bruToJsonV2, collectionBruToJson } from '@usebruno/lang'
import t from 'tap'
import { readAPIDocument } from '../support/http/api-document.ts'
import { renderBrunoCollection } from '../support/http/bruno-collection.ts'
import { startHTTP } from '../support/http/http.ts'

const FOLDER = 'examples/bruno'

/** What Bruno makes of a request. */
interface BrunoRequest {
  readonly meta: { readonly name: string; readonly seq: string }
  readonly http: { readonly method: string; readonly url: string }
  readonly params?: readonly { readonly name: string; readonly value: string; readonly type: string }[]
  readonly body?: { readonly json?: string }
  readonly vars?: { readonly res?: readonly { readonly name: string; readonly value: string }[] }
}

async function filesIn(folder: string): Promise<readonly string[]> {
  const files = await readdir(folder, { recursive: true, withFileTypes: true })
  return files
    .filter((file) => file.isFile())
    .map((file) => join(file.parentPath, file.name).slice(folder.length + 1))
    .sort()
}

function isRequest(value: unknown): value is BrunoRequest {
  return typeof value === 'object' && value !== null && 'http' in value
}

async function readRequest(file: string): Promise<BrunoRequest> {
  const request = bruToJsonV2(await readFile(join(FOLDER, file), 'utf8'))
  if (!isRequest(request)) throw new Error(`${file} is no request`)
  return request
}

t.test('the Bruno collection is that of the API description; npm run bruno makes it', async (t) => {
  const rendered = renderBrunoCollection(await readAPIDocument())
  t.strictSame(await filesIn(FOLDER), [...rendered.keys()].sort())
  for (const [file, text] of rendered) t.equal(await readFile(join(FOLDER, file), 'utf8'), text, file)
})

t.test('Bruno reads every file, and there is a request for every route', async (t) => {
  const files = (await filesIn(FOLDER)).filter((file) => file.endsWith('.bru'))
  const routes = new Set<string>()
  for (const file of files) {
    const text = await readFile(join(FOLDER, file), 'utf8')
    if (file.startsWith('environments/')) t.match(bruToEnvJsonV2(text), { variables: [{ name: 'baseUrl' }] })
    else if (/(?:^|\/)(?:folder|collection)\.bru$/.test(file)) t.ok(collectionBruToJson(text), file)
    else {
      const { http } = await readRequest(file)
      routes.add(`${http.method} ${http.url.replace('{{baseUrl}}', '').replace(/\?.*/, '')}`)
    }
  }
  const { paths } = await readAPIDocument()
  const documented = Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method} ${path.replaceAll(/\{(\w+)\}/g, ':$1')}`),
  )
  t.strictSame([...routes].sort(), documented.sort())
})

t.test(
  'the first steps, sent one after the other, move money; what one answers with the next one carries',
  async (t) => {
    const { send } = await startHTTP(t)
    const variables: Record<string, string> = { baseUrl: '', userID: 'ann', passiveUserID: 'bob' }
    const fill = (text: string) => text.replaceAll(/\{\{(\w+)\}\}/g, (_, name: string) => variables[name] ?? '')
    const steps = (await filesIn(`${FOLDER}/first-steps`)).filter((file) => file !== 'folder.bru')
    const answers: unknown[] = []
    for (const file of steps) {
      const { http, params = [], body, vars } = await readRequest(`first-steps/${file}`)
      const path = params
        .filter(({ type }) => type === 'path')
        .reduce((url, { name, value }) => url.replace(`:${name}`, value), http.url)
      const json = body?.json
      const answer = await send({
        method: http.method.toUpperCase(),
        path: fill(path),
        ...(json !== undefined && { body: JSON.parse(fill(json)) }),
      })
      t.ok(answer.status < 300, `${file}: ${answer.status}`)
      answers.push(answer.body)
      for (const { name, value } of vars?.res ?? []) {
        const [, field = ''] = /^res\.body\.(\w+)$/.exec(value) ?? []
        variables[name] = String(Object(answer.body)[field])
      }
    }
    t.match(answers.at(-1), {
      transactions: [
        { type: 4, balance: 3_750_000 },
        { type: 1, balance: 5_000_000 },
      ],
    })
  },
)
