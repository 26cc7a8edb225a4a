import type { BrowserContextOptions, Page } from 'playwright-core'
import type { Test } from 'tap'
import { createWalletClient, type WalletClient } from '../../client/client.ts'
import { type ServerAddress, toURL } from '../../db/address.ts'
import { createTestDatabase } from '../support/database/database.ts'
import { type ServiceProcess, startServiceProcess } from '../support/process/service-process.ts'
import { type Browser, barriers, startBrowser } from './browser.ts'

export interface ConsoleWorld {
  readonly env: Readonly<Record<string, string>>
  readonly database: ServerAddress
  readonly service: ServiceProcess
  readonly client: WalletClient
  readonly browser: Browser
  /** A page of its own at this place of the console. */
  at(hash: string, options?: BrowserContextOptions): Promise<Page>
  /** A write as a client sends it that knows all of the API; its status. */
  put(path: string, body: object): Promise<number>
}

/** A service on an empty ledger, and a browser to look at it: one for all tests of a file, since both take long to start. */
export async function startConsole(t: Test): Promise<ConsoleWorld> {
  const database = await createTestDatabase(t)
  const env = { DATABASE_URL: toURL(database) }
  const service = await startServiceProcess(t, { env, endLimitMs: 600_000 })
  const browser = await startBrowser(t)
  return {
    ...{ env, database, service, browser },
    client: createWalletClient({ url: service.url }),
    at: (hash, options = {}) => browser.open(`${service.url}/console/${hash}`, options),
    async put(path, body) {
      const headers = { 'content-type': 'application/json' }
      const url = `${service.url}/api/v1${path}`
      return (await fetch(url, { method: 'PUT', headers, body: JSON.stringify(body) })).status
    },
  }
}

/** A phone at night, where what hangs over the edge or cannot be read shows first. */
export const PHONE_AT_NIGHT: BrowserContextOptions = { viewport: { width: 360, height: 740 }, colorScheme: 'dark' }

/** That axe finds nothing, and that nothing hangs over the edge. */
export async function isUsable(t: Test, page: Page, what: string): Promise<void> {
  t.strictSame(await barriers(page), [], `axe finds nothing: ${what}`)
  const [wide = 0, width = 0] = await page.evaluate<number[]>(
    '[document.documentElement.scrollWidth, document.documentElement.clientWidth]',
  )
  t.ok(wide <= width, `nothing hangs over the edge: ${what}, ${wide} of ${width}`)
}

/** Lines of a table, without its headings: the chart has a table of its own below it. */
export const rows = (page: Page) => page.locator('.scroll tbody').getByRole('row')
