import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import t from 'tap'
import { isUsable, PHONE_AT_NIGHT, rows, startConsole } from './console-world.ts'

/** A folder to put what is printed into, for people to look at. */
const { SCREENSHOTS } = process.env
const TRANSFERS = 259
const MONTH = new Intl.DateTimeFormat('en', { month: 'long', year: 'numeric', timeZone: 'UTC' })
const EARLIER = 'from=2020-01-01T00:00&to=2020-02-01T00:00'

const { client, browser, at } = await startConsole(t)
for (const userID of ['ann', 'bob']) await client.open(userID)
await client.deposit({ to: 'ann', amount: 9_000_000_000n })
const ids = await client.issueMany('ann', TRANSFERS)
await client.submit(
  ids.transactionIDs.map((transactionID) => ({
    ...{ kind: 'transfer' as const, from: 'ann', to: 'bob', amount: 1_500_001n },
    transactionID,
  })),
)

/** What was printed, instead of a printer that no test has: how many transactions stood there. */
const PRINTS =
  'window.prints = []; window.print = () => prints.push(document.querySelectorAll(".scroll tbody tr").length)'
const prints = (page: Page) => page.evaluate<number[]>('window.prints')

t.test('a statement of this month leads from the opening to the closing balance', async (t) => {
  for (const options of [{}, PHONE_AT_NIGHT]) {
    const page = await at('#/wallets/ann', options)
    await page.getByRole('link', { name: 'Statement of a month' }).click()
    await page.getByRole('heading', { name: 'Statement of ann' }).waitFor()
    await page.getByText(MONTH.format(new Date())).waitFor()
    const totals = (await page.locator('.totals').innerText()).replace(/\s+/g, ' ')
    t.match(totals, 'Opening balance $0.00')
    t.match(
      totals,
      /Deposit 1 \+\$9,000\.00\d* \+9000000000 Withdrawal 0 .* Transfer out 259 −\$388\.500259 −388500259/,
    )
    t.match(totals, /Closing balance 260 \$8,611\.499741 8611499741/)
    await page
      .getByRole('img', { name: /^Balance from .* between \$0\.00 and \$9,000\.00, at last \$8,611\.499741$/ })
      .waitFor()
    await page.getByText(/transactions so far|and no more in this period/).waitFor()
    await isUsable(t, page, 'a statement')
  }
})

t.test('a period is chosen by month or by its ends, which stand in the address', async (t) => {
  const page = await at(`#/statement/ann?${EARLIER}`)
  await page.getByText('January 2020 (UTC)').waitFor()
  await page.getByText('No transaction in this period.').waitFor()
  t.match(await page.locator('.totals').innerText(), /Closing balance\s+0\s+\$0\.00/)
  await page.getByRole('link', { name: 'Month before' }).click()
  await page.getByText('December 2019 (UTC)').waitFor()
  await page.getByRole('link', { name: 'Month after' }).click()
  await page.getByText('January 2020 (UTC)').waitFor()
  await page.getByLabel('Before (UTC)').fill('2999-01-01T00:00')
  await page.getByRole('button', { name: 'Show' }).click()
  await page.getByText('2020-01-01 00:00 to 2999-01-01 00:00 (UTC)').waitFor()
  await page.getByText('100 transactions so far.').waitFor()
  t.match(page.url(), 'to=2999-01-01T00%3A00')
  await page.getByLabel('Before (UTC)').fill('2019-01-01T00:00')
  await page.getByRole('button', { name: 'Show' }).click()
  await page.getByRole('alert').waitFor()
  await isUsable(t, page, 'a period that ends before it begins')
  await page.goto(page.url().replace(/#.*/, `#/statement/nobody`))
  await page.getByRole('alert').getByText('This user has no wallet.').waitFor()
})

t.test('what is printed has all transactions of the period, black on white, and nothing to press', async (t) => {
  const page = await at('#/audit', { ...PHONE_AT_NIGHT, viewport: { width: 1280, height: 700 } })
  await page.evaluate(PRINTS)
  await page.goto(page.url().replace(/#.*/, '#/statement/ann'))
  await page.getByText('100 transactions so far.').waitFor()
  await page.getByRole('button', { name: 'Print' }).click()
  await page.getByText('260 transactions, and no more in this period.').waitFor()
  t.strictSame(await prints(page), [TRANSFERS + 1], 'all are there before it is printed')
  t.equal(await rows(page).count(), TRANSFERS + 1)

  await page.emulateMedia({ media: 'print', colorScheme: 'dark' })
  for (const unseen of ['header', 'nav', 'search', 'form', '.u-legend'])
    for (const each of await page.locator(unseen).all()) t.notOk(await each.isVisible(), `${unseen} is not printed`)
  t.equal(await page.getByRole('button').count(), 0)
  t.ok(await page.getByRole('heading', { name: 'Statement of ann' }).isVisible())
  const colours = await page.evaluate<string[]>(
    '(({ color, backgroundColor }) => [color, backgroundColor])(getComputedStyle(document.body))',
  )
  t.strictSame(colours, ['rgb(0, 0, 0)', 'rgb(255, 255, 255)'])
  t.equal(await page.evaluate('getComputedStyle(document.querySelector("tbody tr")).breakInside'), 'avoid')
  const ink = await page.evaluate<number>(`(() => {
    const canvas = document.querySelector('.chart canvas')
    const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height)
    return data.filter((value, index) => index % 4 === 3 && value === 255 && data[index - 1] > 200).length
  })()`)
  t.ok(ink < 100, `the curve is dark on white too: ${ink} bright points`)
  const pdf = await page.pdf({ format: 'A4', preferCSSPageSize: true })
  t.ok(pdf.length > 10_000)
  const sheets = pdf.toString('latin1').match(/\/Type \/Page\b/g) ?? []
  t.ok(sheets.length > 2, `${sheets.length} sheets`)
  if (SCREENSHOTS) await writeFile(join(SCREENSHOTS, 'statement.pdf'), pdf)
  if (SCREENSHOTS) await page.screenshot({ path: join(SCREENSHOTS, 'statement-print.png') })
})

t.test('no page complained', async (t) => {
  t.strictSame(browser.complaints, [])
})
