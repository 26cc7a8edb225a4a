import { compile, type JSONSchema } from 'json-schema-to-typescript'
import { pino } from 'pino'
import { buildServer } from '../../../src/adapters/fastify/server.ts'

interface Parameter {
  readonly name: string
  readonly in: 'path' | 'query' | 'header'
  readonly required?: boolean
  readonly example: unknown
}

export interface Operation {
  readonly operationId: string
  readonly tags: readonly string[]
  readonly summary: string
  readonly description?: string
  readonly parameters?: readonly Parameter[]
  readonly requestBody?: { readonly content: { readonly 'application/json': { readonly example?: object } } }
  readonly responses: Readonly<Record<string, DocumentedResponse>>
}

export interface DocumentedResponse {
  readonly headers: Readonly<
    Record<string, { readonly $ref?: string; readonly schema?: Readonly<Record<string, unknown>> }>
  >
  /** Absent if there is no body. */
  readonly content?: Readonly<Record<string, { readonly examples: Readonly<Record<string, { value: unknown }>> }>>
}

/** What the tests read of the API description. */
export interface APIDocument {
  readonly tags: readonly { readonly name: string; readonly description: string }[]
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
  readonly components: { readonly schemas: Readonly<Record<string, JSONSchema>> }
}

/** What `GET /openapi.json` answers with. */
export async function readAPIDocument(): Promise<APIDocument> {
  const app = await buildServer({
    services: () => undefined,
    readiness: async () => 'ready',
    logger: pino({ level: 'silent' }),
    logRequest: () => {},
    version: '0.0.0',
  })
  const { payload } = await app.inject({ method: 'GET', url: '/openapi.json' })
  await app.close()
  return JSON.parse(payload)
}

const BANNER = '/* Made from the API description by "npm run client:types". */'

/** The types of the client, as the text of a module. */
export async function renderClientTypes({ paths, components }: APIDocument): Promise<string> {
  const definitions = JSON.parse(
    JSON.stringify(components.schemas).replaceAll('#/components/schemas/', '#/definitions/'),
  )
  const root = { type: 'object', additionalProperties: false, definitions } as const
  const types = await compile(root, 'Schemas', {
    bannerComment: BANNER,
    additionalProperties: false,
    unreachableDefinitions: true,
    style: { semi: false, singleQuote: true, printWidth: 120 },
  })
  const templates = Object.keys(paths).map((path) => `  | '${path}'`)
  const named = types
    .replace('export interface Schemas {}\n', '')
    .replaceAll(/( \*\n)? \* This interface was referenced by .*\n \* via the .*\n/g, '')
    .replaceAll('/**\n */\n', '')
  return `${named}\n/** Every path of the service. */\nexport type Path =\n${templates.join('\n')}\n`
}
