import { envJsonToBruV2, jsonToBruV2, jsonToCollectionBru } from '@usebruno/lang'
import type { APIDocument, Operation } from './api-document.ts'

/*
 * The Bruno collection in examples/bruno, made from the API description: a folder for each tag, and one that is clicked through
 * from top to bottom.
 */

/** Texts by their path in the collection. */
export type Collection = ReadonlyMap<string, string>

/** What is filled in by the environment, or by an answer that came before; in the description's examples it is this. */
const VARIABLES: Readonly<Record<string, string>> = {
  'auth0|42': '{{userID}}',
  'auth0|7': '{{passiveUserID}}',
  '0193cdb2-1d20-8a3f-9c41-5f0e6b7a8c9d': '{{transactionID}}',
}

/** Kept of an answer, for the requests that follow; by operation. */
const KEPT: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  issueTransactionID: { transactionID: 'res.body.transactionID' },
  issueTransactionIDs: { transactionID: 'res.body.transactionIDs[0]' },
}

interface Step {
  readonly name: string
  readonly operation: string
  /** In place of {{userID}}. */
  readonly userID?: string
}

const FIRST_STEPS: readonly Step[] = [
  { name: 'Open a wallet', operation: 'openWallet' },
  { name: 'Open the wallet of another user', operation: 'openWallet', userID: '{{passiveUserID}}' },
  { name: 'Obtain an ID for the deposit', operation: 'issueTransactionID' },
  { name: 'Deposit 5 dollars (send it twice)', operation: 'deposit' },
  { name: 'Obtain an ID for the transfer', operation: 'issueTransactionID' },
  { name: 'Transfer 1.25 dollars (send it twice)', operation: 'transfer' },
  { name: 'What became of the ID', operation: 'getTransactionIDStatus' },
  { name: 'Read the history', operation: 'listTransactions' },
]

const INTRODUCTION = `Made from the API description by "npm run bruno": do not edit.

Choose the environment "local", and click through "First steps" from top to bottom. An ID that was obtained is kept in the
variable transactionID, and used by the next write. If the service checks tokens, put yours in the environment's secret "token".`

interface Request {
  readonly method: string
  readonly path: string
  readonly operation: Operation
}

export function renderBrunoCollection({ paths, tags }: APIDocument): Collection {
  const requests = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]): Request => ({ method, path, operation })),
  )
  const files = new Map<string, string>()
  files.set('bruno.json', `${JSON.stringify({ version: '1', name: 'Wallet service', type: 'collection' }, null, 2)}\n`)
  files.set(
    'collection.bru',
    jsonToCollectionBru({ auth: { mode: 'bearer', bearer: { token: '{{token}}' } }, docs: INTRODUCTION }),
  )
  files.set('environments/local.bru', envJsonToBruV2({ variables: ENVIRONMENT }))

  const addFolder = (folder: string, name: string, seq: number, docs: string) =>
    files.set(`${folder}/folder.bru`, jsonToCollectionBru({ meta: { name, seq }, docs }))
  addFolder('first-steps', 'First steps', 1, 'From top to bottom.')
  for (const [index, { name, operation, userID }] of FIRST_STEPS.entries()) {
    const request = requests.find((each) => each.operation.operationId === operation)
    if (request === undefined) throw new Error(`the API has no operation ${operation}`)
    const text = toBru(request, name, index + 1)
    const file = `first-steps/${index + 1}-${operation}.bru`
    files.set(file, userID === undefined ? text : text.replaceAll('{{userID}}', userID))
  }
  for (const [index, { name, description }] of tags.entries()) {
    const folder = name.toLowerCase().replaceAll(' ', '-')
    addFolder(folder, name, index + 2, description)
    const tagged = requests.filter(({ operation }) => operation.tags.includes(name))
    for (const [place, request] of tagged.entries()) {
      const { operationId, summary } = request.operation
      files.set(`${folder}/${operationId}.bru`, toBru(request, summary, place + 1))
    }
  }
  return files
}

const ENVIRONMENT = [
  { name: 'baseUrl', value: 'http://localhost:8080', enabled: true },
  { name: 'userID', value: 'ann', enabled: true },
  { name: 'passiveUserID', value: 'bob', enabled: true },
  { name: 'token', enabled: true, secret: true },
]

function toBru({ method, path, operation }: Request, name: string, seq: number): string {
  const { operationId, parameters = [], requestBody, description } = operation
  const example = requestBody?.content['application/json'].example
  const given = (kind: string) =>
    parameters
      .filter((parameter) => parameter.in === kind)
      .flatMap((parameter) =>
        [parameter.example].flat().map((value) => ({
          name: parameter.name,
          value: withVariables(String(value)),
          // What may be left out is there to be switched on.
          enabled: parameter.required === true,
          type: kind,
        })),
      )
  const query = given('query')
  const asked = query.filter(({ enabled }) => enabled).map((each) => `${each.name}=${each.value}`)
  const url = `{{baseUrl}}${path.replaceAll(/\{(\w+)\}/g, ':$1')}${asked.length > 0 ? `?${asked.join('&')}` : ''}`
  const kept = Object.entries(KEPT[operationId] ?? {}).map(([each, value]) => ({ name: each, value, enabled: true }))
  return jsonToBruV2({
    meta: { name, type: 'http', seq },
    http: { method, url, body: example === undefined ? 'none' : 'json', auth: 'inherit' },
    params: [...query, ...given('path')],
    headers: given('header'),
    ...(example !== undefined && { body: { json: withVariables(JSON.stringify(example, null, 2)) } }),
    ...(kept.length > 0 && { vars: { res: kept } }),
    ...(description !== undefined && { docs: description }),
  })
}

function withVariables(text: string): string {
  return Object.entries(VARIABLES).reduce((done, [value, variable]) => done.replaceAll(value, variable), text)
}
