import type { Page } from 'playwright-core'
import t, { type Test } from 'tap'
import { toURL } from '../../db/address.ts'
import { createTestDatabase } from '../support/database/database.ts'
import { startServiceProcess } from '../support/process/service-process.ts'
import { startBrowser } from './browser.ts'
import { startPrefixProxy } from './prefix-proxy.ts'

async function startService(t: Test): Promise<{ readonly url: string }> {
  return startServiceProcess(t, { env: { DATABASE_URL: toURL(await createTestDatabase(t)) } })
}

/** Opens a wallet by the reference's "try it"; says what is shown of the answer. */
async function tryToOpen(page: Page, userID: string): Promise<string> {
  const operation = page.locator('#operations-Wallets-openWallet')
  await operation.getByRole('button').first().click()
  await operation.getByRole('button', { name: 'Try it out' }).click()
  await operation.getByPlaceholder('userID').fill(userID)
  await operation.getByRole('button', { name: 'Execute' }).click()
  const answers = operation.locator('.live-responses-table')
  await answers.getByText('201').first().waitFor()
  return answers.innerText()
}

t.test('in the reference a route can be tried, under its strict policy', async (t) => {
  const { url } = await startService(t)
  const browser = await startBrowser(t)
  const page = await browser.open(`${url}/docs`)
  t.match(await tryToOpen(page, '名前 of docs'), '"userID": "名前 of docs"')
  t.strictSame(browser.complaints, [])
})

t.test('below a path of a reverse proxy the reference loads all of its parts, and a route can be tried', async (t) => {
  const { url } = await startPrefixProxy(t, (await startService(t)).url, '/money/wallets')
  const browser = await startBrowser(t)
  const page = await browser.open('about:blank')
  const asked: string[] = []
  const failed: string[] = []
  page.on('response', (response) => {
    asked.push(response.url())
    if (response.status() >= 400) failed.push(`${response.status()} ${response.url()}`)
  })
  for (const path of ['/docs', '/docs/static/index.html', '/docs/?x=y']) {
    asked.length = 0
    await page.goto(url + path)
    await page.locator('#operations-Wallets-openWallet').waitFor()
    t.equal(page.url(), `${url}/docs/`, path)
    const files = ['swagger-ui.css', 'index.css', 'swagger-ui-bundle.js', 'swagger-ui-standalone-preset.js']
    for (const file of [...files.map((name) => `static/${name}`), 'static/swagger-initializer.js', 'json'])
      t.ok(asked.includes(`${url}/docs/${file}`), `${path}: ${file} is asked for`)
  }
  t.match(await tryToOpen(page, 'ann'), '"userID": "ann"')
  t.ok(asked.includes(`${url}/api/v1/users/ann/wallet`))
  t.strictSame(failed, [])
  t.ok(
    asked.every((each) => each.startsWith(url)),
    'nothing is asked for elsewhere',
  )
})
