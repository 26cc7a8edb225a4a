import { join } from 'node:path'
import t from 'tap'
import { createWalletClient } from '../../client/client.ts'
import { toURL } from '../../db/address.ts'
import { createTestDatabase } from '../support/database/database.ts'
import { runWallet, startServiceProcess } from '../support/process/service-process.ts'
import { startBrowser } from './browser.ts'
import { isUsable } from './console-world.ts'

/** A folder to put a picture of every view into, for people to look at. */
const { SCREENSHOTS } = process.env
const LONG_ID = 'W'.repeat(128)

/** As long as they may be, and without a place to break them. */
const NOTE = { reference: 'W'.repeat(64), metadata: { ['k'.repeat(40)]: 'v'.repeat(500), order: 'A-1042' } }
const REASON = `Asked for by the bank. ${'W'.repeat(170)}`

const SCREENS = {
  'a desk': { viewport: { width: 1280, height: 900 }, colorScheme: 'light' },
  'a desk at night': { viewport: { width: 1280, height: 900 }, colorScheme: 'dark' },
  'a phone': { viewport: { width: 360, height: 740 }, colorScheme: 'light' },
  'a phone at night': { viewport: { width: 360, height: 740 }, colorScheme: 'dark' },
} as const

t.test('every view can be used by everyone, on small screens and in the dark too', async (t) => {
  const env = { DATABASE_URL: toURL(await createTestDatabase(t)) }
  const { url } = await startServiceProcess(t, { env, endLimitMs: 600_000 })
  const client = createWalletClient({ url })
  for (const userID of ['ann', LONG_ID]) await client.open(userID)
  const { transactionID } = await client.deposit({ to: 'ann', amount: 9_007_199_254_740_991n })
  await client.transfer({ from: 'ann', to: LONG_ID, amount: 1_234_567_890_123n })
  const refused = (await client.issue('ann')).transactionID
  await client.withdraw({ from: 'ann', amount: 9_007_199_254_740_991n }, { transactionID: refused }).catch(() => {})
  const noted = (await client.issue('ann')).transactionID
  const headers = { 'content-type': 'application/json' }
  const put = (path: string, body: object) =>
    fetch(`${url}/api/v1/users/${path}`, { method: 'PUT', headers, body: JSON.stringify(body) })
  await put('ann/wallet/transfer', { passiveUserID: LONG_ID, amount: 2_500_000, transactionID: noted, ...NOTE })
  for (const state of ['frozen', 'open', 'frozen']) await put(`${LONG_ID}/wallet/state`, { state, reason: REASON })
  await put('bob/wallet', {})
  await put('bob/wallet/state', { state: 'closed', reason: 'He moved.' })
  await runWallet(t, ['audit'], { env })
  const browser = await startBrowser(t)

  /** Each with something that is there once it is whole. */
  const views = [
    ['#/', 'executed of'],
    ['#/wallets', 'ann'],
    [`#/search?for=${NOTE.reference}`, 'Transactions with this reference'],
    ['#/search?for=zzz', 'Nothing was found'],
    ['#/wallets/ann', '3 transactions, and no more.'],
    [`#/wallets/${LONG_ID}`, '2 transactions, and no more.'],
    [`#/wallets/ann?reference=${NOTE.reference}`, '1 transaction, and no more.'],
    ['#/wallets/bob', 'Closed: no money comes in or goes out.'],
    ['#/wallets/nobody', 'This user has no wallet.'],
    ['#/statement/ann', '3 transactions, and no more in this period.'],
    [`#/statement/${LONG_ID}?from=2020-01-01T00:00&to=2020-02-01T00:00`, 'No transaction in this period.'],
    ['#/transactions', 'Search for a transaction ID'],
    [`#/transactions/${transactionID}`, 'Executed.'],
    [`#/transactions/${refused}`, 'Refused: INSUFFICIENT_BALANCE.'],
    [`#/transactions/${noted}`, 'Executed.'],
    [`#/transactions?reference=${NOTE.reference}`, '2 transactions.'],
    ['#/live', 'of 4096 that may'],
    ['#/audit', 'All was as it should be'],
  ] as const
  for (const [screen, options] of Object.entries(SCREENS)) {
    const page = await browser.open(`${url}/console/`, options)
    for (const [index, [hash, there]] of views.entries()) {
      await page.goto(`${url}/console/${hash}`)
      await page.getByText(there).first().waitFor()
      for (const summary of await page.locator('summary').all()) await summary.click()
      const what = `${hash.slice(0, 40)} on ${screen}`
      await isUsable(t, page, what)
      if (SCREENSHOTS)
        await page.screenshot({
          path: join(SCREENSHOTS, `${screen.replaceAll(' ', '-')}-${index}.png`),
          fullPage: true,
        })
    }
    await page.context().close()
  }
  t.strictSame(browser.complaints, [])
})

t.test('all of it can be done from the keyboard', async (t) => {
  const env = { DATABASE_URL: toURL(await createTestDatabase(t)) }
  const { url } = await startServiceProcess(t, { env })
  await createWalletClient({ url }).open('ann')
  const browser = await startBrowser(t)
  const page = await browser.open(`${url}/console/#/wallets`)
  await page.getByRole('link', { name: 'ann' }).waitFor()
  const focused = () => page.evaluate<string>('document.activeElement.textContent || document.activeElement.id')
  const reached: string[] = []
  for (let presses = 0; presses < 7; presses += 1) {
    await page.keyboard.press('Tab')
    reached.push(await focused())
  }
  t.strictSame(reached, ['Overview', 'Wallets', 'Live', 'Audit', 'search', 'Search', 'ann'])
  const ring = await page.evaluate<string>('getComputedStyle(document.activeElement).outlineStyle')
  t.equal(ring, 'solid', 'one sees where one is')
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { name: 'ann', exact: true }).waitFor()
})
