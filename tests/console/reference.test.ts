import t from 'tap'
import { startBrowser } from '../support/browser.ts'
import { createTestDatabase, toURL } from '../support/database.ts'
import { startServiceProcess } from '../support/service-process.ts'

t.test('in the reference a route can be tried, under its strict policy', async (t) => {
  const { url } = await startServiceProcess(t, { env: { DATABASE_URL: toURL(await createTestDatabase(t)) } })
  const browser = await startBrowser(t)
  const page = await browser.open(`${url}/docs`)
  const operation = page.locator('#operations-Wallets-openWallet')
  await operation.getByRole('button').first().click()
  await operation.getByRole('button', { name: 'Try it out' }).click()
  await operation.getByPlaceholder('userID').fill('名前 of docs')
  await operation.getByRole('button', { name: 'Execute' }).click()
  await operation.locator('.live-responses-table').getByText('201').first().waitFor()
  t.match(await operation.locator('.live-responses-table').innerText(), '"userID": "名前 of docs"')
  t.strictSame(browser.complaints, [])
})
