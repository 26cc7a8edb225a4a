import axe, { type AxeResults } from 'axe-core'
import { type BrowserContextOptions, chromium, type Page } from 'playwright-core'
import type { Test } from 'tap'

/** Debian's; another one by CHROMIUM. */
const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium'
const MISSING = `there is no Chromium at ${CHROMIUM}: apt-get install chromium, or say where it is with CHROMIUM`

/** It asks no one but the service: what else it would look up at a start is off. */
const QUIET = [
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

export interface Browser {
  /** A page of its own, with nothing kept. What goes wrong in it is in `complaints`. */
  open(url: string, options?: BrowserContextOptions): Promise<Page>
  /** Errors of pages, and what their policies kept from being loaded or run. */
  readonly complaints: readonly string[]
}

/** A real Chromium; gone when the test is over. */
export async function startBrowser(t: Test): Promise<Browser> {
  const root = process.getuid?.() === 0
  const browser = await chromium
    .launch({ executablePath: CHROMIUM, args: [...QUIET, ...(root ? ['--no-sandbox'] : [])] })
    .catch((error: Error) => {
      throw error.message.includes("doesn't exist") ? new Error(MISSING) : error
    })
  t.teardown(() => browser.close())
  const complaints: string[] = []
  return {
    complaints,
    async open(url, options = {}) {
      const context = await browser.newContext({ reducedMotion: 'reduce', ...options })
      const page = await context.newPage()
      page.on('pageerror', (error) => complaints.push(error.message))
      page.on('console', (message) => {
        // That an answer was no is for the page to show, and no complaint.
        if (message.type() === 'error' && !message.text().startsWith('Failed to load resource'))
          complaints.push(message.text())
      })
      page.on('request', (request) => {
        if (new URL(request.url()).origin !== new URL(url).origin) complaints.push(`asked for ${request.url()}`)
      })
      await page.goto(url)
      return page
    },
  }
}

/** What keeps people from using a page as it is now: the rules that it breaks, and where. */
export async function barriers(page: Page): Promise<readonly string[]> {
  // Not as a script of the page's: its policy would forbid that, and rightly.
  await page.evaluate(axe.source)
  const { violations } = await page.evaluate<AxeResults>('axe.run()')
  return violations.flatMap(({ id, impact, nodes }) => nodes.map(({ html }) => `${impact}: ${id} at ${html}`))
}
