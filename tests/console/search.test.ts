import t from 'tap'
import { isUsable, PHONE_AT_NIGHT, rows, startConsole } from './console-world.ts'

const { client, browser, at, put } = await startConsole(t)
const RENT = 'Rent / May & June #1'
for (const userID of ['ann', 'ann-marie', 'bob', 'rent']) await client.open(userID)
const paid = await client.deposit({ to: 'ann', amount: 5_000_000n })
const rent = (await client.issue('ann')).transactionID
await put('/users/ann/wallet/transfer', {
  ...{ passiveUserID: 'bob', amount: 1_500_000, transactionID: rent, reference: RENT },
})
const same = (await client.issue('bob')).transactionID
await put('/users/bob/wallet/withdraw', { amount: 1, transactionID: same, reference: 'bo' })
const refused = (await client.issue('bob')).transactionID
await client.withdraw({ from: 'bob', amount: 10n ** 15n }, { transactionID: refused }).catch(() => {})

t.test('one field finds a user, a reference and a transaction ID, and Enter opens the only hit', async (t) => {
  const page = await at('#/audit')
  const field = page.getByRole('searchbox', { name: 'User, reference or transaction ID' })
  const hits = [
    ['bob', '#/wallets/bob', page.getByRole('heading', { name: 'bob', exact: true })],
    [' ann-m ', '#/wallets/ann-marie', page.getByRole('heading', { name: 'ann-marie', exact: true })],
    [RENT, '#/transactions?reference=', page.getByText('2 transactions.')],
    [paid.transactionID.toUpperCase(), `#/transactions/${paid.transactionID}`, page.getByText('Executed.')],
    [refused, `#/transactions/${refused}`, page.getByText('Refused: INSUFFICIENT_BALANCE.')],
  ] as const
  for (const [text, hash, there] of hits) {
    await field.fill(text)
    await field.press('Enter')
    await there.waitFor()
    t.match(page.url(), hash)
  }
  await page.goBack()
  await page.getByText('Executed.').waitFor()
  t.match(page.url(), `#/transactions/${paid.transactionID}`, 'the way back leads past what was searched for')
})

t.test('several hits are shown by their kind, under an address that can be sent', async (t) => {
  for (const options of [{}, PHONE_AT_NIGHT]) {
    const page = await at('', options)
    const field = page.getByRole('searchbox')
    await field.fill('ann')
    await field.press('Enter')
    await page.getByRole('heading', { name: 'Search: ann' }).waitFor()
    await page.locator('.matches a').nth(1).waitFor()
    t.strictSame(await page.locator('.matches a').allInnerTexts(), ['ann', 'ann-marie'])
    await field.fill('bo')
    await page.getByRole('button', { name: 'Search' }).click()
    await page.getByRole('heading', { name: 'Search: bo' }).waitFor()
    await page.locator('.matches').getByRole('link', { name: 'bob' }).waitFor()
    t.strictSame(await page.locator('.matches a').allInnerTexts(), ['bob'])
    await rows(page).first().waitFor()
    t.match(await rows(page).allInnerTexts(), [/^bob[\s\S]*Withdrawal/])
    await page.reload()
    await page.getByRole('link', { name: 'Transactions with this reference' }).waitFor()
    t.equal(await page.getByRole('searchbox').inputValue(), 'bo')
    await isUsable(t, page, 'several hits')
    await page.getByRole('link', { name: 'Transactions with this reference' }).click()
    await page.getByText('1 transaction.').waitFor()
  }
})

t.test('what is nowhere is said to be nowhere, even if it can be nothing at all', async (t) => {
  const page = await at('')
  const field = page.getByRole('searchbox')
  for (const text of ['zzz', '0193cdb2-1d20-8a3f-9c41-5f0e6b7a8c9d', 'r'.repeat(129), '<img src=x onerror=alert(1)>']) {
    await field.fill(text)
    await field.press('Enter')
    await page.getByRole('heading', { name: `Search: ${text}` }).waitFor()
    await page.getByText('Nothing was found').waitFor()
  }
  t.equal(await page.locator('img').count(), 0)
  await isUsable(t, page, 'nothing found')
  await field.fill('')
  await field.press('Enter')
  await page.getByRole('heading', { name: 'Wallets', exact: true }).waitFor()
  await page.locator('.matches a').nth(3).waitFor()
  t.strictSame(
    await page.locator('.matches a').allInnerTexts(),
    ['ann', 'ann-marie', 'bob', 'rent'],
    'for nothing: all',
  )
})

t.test('no page complained', async (t) => {
  t.strictSame(browser.complaints, [])
})
