import { join } from 'node:path'
import t from 'tap'
import { createWalletClient } from '../../client/client.ts'
import { toURL } from '../../db/address.ts'
import { createTestDatabase } from '../support/database/database.ts'
import { startServiceProcess } from '../support/process/service-process.ts'
import { barriers, startBrowser } from './browser.ts'

/** A folder to put a picture of each column into, for people to look at. */
const { SCREENSHOTS } = process.env

const DEPOSITS = [258_831_900n, 19_296_201n, 1_000_000n, 9_000_000_000_000_000n, 10n, 1_250_000n]
const WITHDRAWN = 500_000n

/** Of each amount of a column: its text as it is seen, and where its point is, in hundredths of a pixel. */
const POINTS = (
  column: string,
) => `[...document.querySelectorAll(${JSON.stringify(`${column} .amount > :first-child`)})]
  .map((amount) => {
    const text = [...amount.childNodes].find((node) => node.data?.includes('.'))
    const range = document.createRange()
    range.setStart(text, text.data.indexOf('.'))
    range.setEnd(text, text.data.indexOf('.') + 1)
    return { seen: amount.innerText, x: Math.round(range.getBoundingClientRect().left * 100) }
  })`

/** What is copied when a column's first amount is chosen. */
const COPIED = (column: string) => `{
  getSelection().selectAllChildren(document.querySelector(${JSON.stringify(`${column} .amount`)}))
  getSelection().toString()
}`

t.test(
  'in a column of dollars the points stand below each other, and the zeros behind are for the eye alone',
  async (t) => {
    const { url } = await startServiceProcess(t, { env: { DATABASE_URL: toURL(await createTestDatabase(t)) } })
    const client = createWalletClient({ url })
    for (const userID of ['ann', 'bob', 'W'.repeat(128)]) await client.open(userID)
    for (const amount of DEPOSITS) await client.deposit({ to: 'ann', amount })
    await client.withdraw({ from: 'ann', amount: WITHDRAWN })
    await client.deposit({ to: 'bob', amount: 258_831_900n })
    const browser = await startBrowser(t)
    const views = [
      { hash: '#/wallets/ann', there: '7 transactions, and no more.', column: 'td.number:nth-child(5)', rows: 7 },
      { hash: '#/wallets/ann', there: '7 transactions, and no more.', column: 'td.number:nth-child(6)', rows: 7 },
      { hash: '#/wallets', there: 'bob', column: '.matches', rows: 3 },
    ]
    for (const width of [1280, 360])
      for (const colorScheme of ['light', 'dark'] as const) {
        const page = await browser.open(`${url}/console/`, { viewport: { width, height: 900 }, colorScheme })
        for (const [index, { hash, there, column, rows }] of views.entries()) {
          await page.goto(`${url}/console/${hash}`)
          await page.getByText(there).first().waitFor()
          const points = await page.evaluate<{ seen: string; x: number }[]>(POINTS(column))
          const what = `${column} at ${width} px, ${colorScheme}`
          t.equal(points.length, rows, what)
          t.strictSame(
            points.map(({ x }) => x),
            points.map(() => points[0]?.x),
            `one line: ${what}`,
          )
          if (SCREENSHOTS)
            await page.screenshot({
              path: join(SCREENSHOTS, `amounts-${width}-${colorScheme}-${index}.png`),
              fullPage: true,
            })
        }
        t.strictSame(await barriers(page), [], `axe finds nothing at ${width} px, ${colorScheme}`)
        await page.goto(`${url}/console/#/wallets/ann`)
        await page.getByText('7 transactions, and no more.').waitFor()
        const amounts = await page.evaluate<{ seen: string }[]>(POINTS('td.number:nth-child(5)'))
        t.strictSame(
          amounts.map(({ seen }) => seen),
          ['−$0.50', '+$1.25', '+$0.00001', '+$9,000,000,000.00', '+$1.00', '+$19.296201', '+$258.8319'],
        )
        t.equal(await page.evaluate(COPIED('td.number:nth-child(5)')), '−$0.50\n−500000', 'so they are copied')
        t.match(await page.locator('.scroll table').ariaSnapshot(), '+$258.8319 +258831900', 'and read out')
        await page.context().close()
      }
    t.strictSame(browser.complaints, [])
  },
)
