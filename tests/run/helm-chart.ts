import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parse, parseAllDocuments, visit } from 'yaml'

const CHART = 'deploy/helm'

/** The only two forms that templates may use: what a JSON text of a value is, needs no Helm to be known. */
const EXPRESSION = /^\{\{ \.(Release\.Name|Values(?:\.\w+)+) \| toJson \}\}$/

const HEAD = `# Two instances of the service on one PostgreSQL, ready to be replaced one by one: the chart in ${CHART} with its own values, for those
# without Helm. Written by "npm run kubernetes".
#
#   kubectl create secret generic wallet-database --from-literal=url='postgres://wallet_service:…@db.example/wallet?sslmode=verify-full'
#   kubectl apply -f examples/kubernetes.yaml
#
# Put your registry, your issuer and your names in their places. docs/least-privilege.md says which role the URL should name.
`

/** Every template by its name, as it stands. */
export async function readTemplates(): Promise<ReadonlyMap<string, string>> {
  const folder = join(CHART, 'templates')
  const names = (await readdir(folder)).sort()
  return new Map(
    await Promise.all(names.map(async (name) => [name, await readFile(join(folder, name), 'utf8')] as const)),
  )
}

/** @throws for what is more than a value of the chart, and for a value that there is not. */
export function render(template: string, release: string, values: unknown): string {
  return template.replace(/\{\{.*?(?:\}\}|$)/gms, (expression) => {
    const [, path] = EXPRESSION.exec(expression) ?? []
    if (path === undefined)
      throw new Error(`templates only put values in, as {{ .Values.name | toJson }}: ${expression}`)
    const value = path === 'Release.Name' ? release : valueAt(values, path.split('.').slice(1))
    if (value === undefined) throw new Error(`the chart has no such value: ${expression}`)
    return JSON.stringify(value)
  })
}

function valueAt(values: unknown, [name, ...names]: readonly string[]): unknown {
  if (name === undefined) return values
  if (typeof values !== 'object' || values === null) return undefined
  return valueAt(new Map(Object.entries(values)).get(name), names)
}

/** What `helm template wallet deploy/helm` gives, in YAML's longer form, which is easier to read and to change. */
export async function manifestOfChart(): Promise<string> {
  const values: unknown = parse(await readFile(join(CHART, 'values.yaml'), 'utf8'))
  const rendered = [...(await readTemplates()).values()].map((template) => render(template, 'wallet', values))
  const documents = parseAllDocuments(rendered.join('---\n'))
  const texts = documents.map((document) => {
    if (document.errors[0] !== undefined) throw document.errors[0]
    visit(document, {
      Collection(_key, node) {
        node.flow = false
      },
      Scalar(_key, node) {
        delete node.type
      },
    })
    return document.toString({ lineWidth: 0, directives: false })
  })
  return HEAD + texts.join('---\n')
}
