import type { Page } from 'playwright-core'
import t, { type Test } from 'tap'
import { createWalletClient } from '../../client/client.ts'
import { toURL } from '../../db/address.ts'
import { createTestDatabase } from '../support/database/database.ts'
import { createIssuer } from '../support/http/issuer.ts'
import { runWallet, startServiceProcess } from '../support/process/service-process.ts'
import { startBrowser } from './browser.ts'

const HTML = '<img src=x onerror=alert(1)>'
const TRANSACTIONS = 260

/** A service with a few wallets, and a browser to look at it. */
async function setUp(t: Test) {
  const env = { DATABASE_URL: toURL(await createTestDatabase(t)) }
  const service = await startServiceProcess(t, { env, endLimitMs: 600_000 })
  const client = createWalletClient({ url: service.url })
  for (const userID of ['ann', 'ann-marie', 'bob', HTML, '名前']) await client.open(userID)
  await client.deposit({ to: 'ann', amount: 9_000_000_000_000_001n })
  await Promise.all(
    Array.from({ length: TRANSACTIONS - 1 }, (_, n) =>
      client.transfer({ from: 'ann', to: n % 2 ? HTML : 'bob', amount: 1_000_001n }),
    ),
  )
  const browser = await startBrowser(t)
  const at = (hash: string, options = {}) => browser.open(`${service.url}/console/${hash}`, options)
  return { env, service, client, browser, at }
}

/** Those of the statement: the chart has a table of its own below it. */
const rows = (page: Page) => page.locator('.scroll').getByRole('row')

t.test('someone on call opens a wallet, and sees what it holds and did', async (t) => {
  const { at, browser } = await setUp(t)
  const page = await at('#/wallets')
  await page.getByRole('link', { name: 'ann', exact: true }).click()
  await page.getByRole('heading', { name: 'ann', exact: true }).waitFor()
  const facts = await page.locator('.facts').innerText()
  t.match(facts, '$8,999,999,740.999742', 'the dollars, all of their decimals')
  t.match(facts, '8999999740999742', 'and the base units')
  await page.getByRole('img', { name: /^Balance from .* at last \$8,999,999,740\.999742$/ }).waitFor()
  t.ok(await page.locator('.chart canvas').isVisible())
  t.match(
    await page.locator('section', { hasText: 'Balance over time' }).innerText(),
    `Drawn from all transactions: ${TRANSACTIONS}.`,
  )

  await page.getByText('100 transactions so far.').waitFor()
  while ((await page.getByText(`${TRANSACTIONS} transactions, and no more.`).count()) === 0)
    await page.mouse.wheel(0, 5000)
  t.equal(await rows(page).count(), TRANSACTIONS + 1, 'all of it, paged as one scrolls, and a line of headings')
  t.match(await rows(page).last().innerText(), /Deposit[\s\S]*\+\$9,000,000,000\.000001/)

  await page.getByLabel('Deposit').check()
  await page.getByRole('button', { name: 'Filter' }).click()
  await page.getByText('1 transaction, and no more.').waitFor()
  t.match(page.url(), '?type=1', 'the filters stand in the address, for whom it is sent to')
  await page.getByLabel('Deposit').uncheck()
  await page.getByLabel('Before (UTC)').fill('2020-01-01T00:00')
  await page.getByRole('button', { name: 'Filter' }).click()
  await page.getByText('No transaction matches.').waitFor()
  await page.getByText('There is nothing to draw yet.').waitFor()
  await page.goBack()
  await page.getByText('1 transaction, and no more.').waitFor()
  t.strictSame(browser.complaints, [])
})

t.test('a user ID that is HTML is a text like any other', async (t) => {
  const { at, browser } = await setUp(t)
  const page = await at('#/wallets')
  await page.getByRole('link', { name: HTML }).click()
  await page.getByRole('heading', { name: HTML }).waitFor()
  await rows(page).nth(1).waitFor()
  await page.goto(page.url().replace(/#.*/, '#/wallets/ann'))
  await page.getByRole('link', { name: HTML }).first().waitFor()
  t.equal(await page.locator('img').count(), 0)
  t.strictSame(browser.complaints, [])
})

t.test('a transaction ID is looked up, no matter whose it is', async (t) => {
  const { at, browser, client } = await setUp(t)
  const { transactionID } = await client.transfer({ from: 'ann', to: 'bob', amount: 1_500_000n })
  const page = await at(`#/transactions/${transactionID.toUpperCase()}`)
  await page.getByText('Executed.').waitFor()
  const found = await page.locator('section').innerText()
  t.match(found, /ann[\s\S]*Transfer out[\s\S]*−\$1\.50[\s\S]*bob[\s\S]*Transfer in[\s\S]*\+\$1\.50/)
  await page.goto(page.url().replace(/#.*/, '#/transactions/0193cdb2-1d20-8a3f-9c41-5f0e6b7a8c9d'))
  await page.getByText('It left nothing in the ledger').waitFor()
  await page.getByRole('link', { name: 'Look it up as a reference' }).click()
  await page.getByText('No transaction has this reference.').waitFor()
  t.strictSame(browser.complaints, [])
})

/** A write as a client sends it that knows all of the API. */
async function put(url: string, path: string, body: object): Promise<void> {
  const headers = { 'content-type': 'application/json' }
  await fetch(`${url}/api/v1${path}`, { method: 'PUT', headers, body: JSON.stringify(body) })
}

t.test('what clients noted is shown, and found by its reference, HTML or not', async (t) => {
  const { at, browser, client, service } = await setUp(t)
  const note = { reference: `${HTML} & 50% off? / #1`, metadata: { [HTML]: HTML, order: 'one\ntwo' } }
  const [sent, refused] = [await client.issue('ann'), await client.issue('ann')]
  const transfer = '/users/ann/wallet/transfer'
  await put(service.url, transfer, {
    passiveUserID: 'bob',
    amount: 1_500_000,
    transactionID: sent.transactionID,
    ...note,
  })
  const tooMuch = 9_007_199_254_740_991
  await put(service.url, transfer, {
    passiveUserID: 'bob',
    amount: tooMuch,
    transactionID: refused.transactionID,
    ...note,
  })

  const page = await at('')
  const field = page.getByRole('searchbox')
  await field.fill(` ${note.reference} `)
  await field.press('Enter')
  await page.getByText('2 transactions.').waitFor()
  t.equal(await rows(page).count(), 3, 'both halves, and a line of headings')
  const [, out, into] = await rows(page).allInnerTexts()
  t.match(out, /^ann[\s\S]*Transfer out[\s\S]*Metadata/)
  t.match(into, /^bob[\s\S]*Transfer in/)
  t.notMatch(into, 'Metadata', 'it is the payer’s own')
  await page.locator('summary').click()
  t.match(await page.locator('.fields').innerText(), `${HTML}\n${HTML}\norder\none\ntwo`)
  t.match(page.url(), '#/transactions?reference=', 'it stands in the address, for whom it is sent to')
  await page.reload()
  await page.getByText('2 transactions.').waitFor()

  await page.getByRole('link', { name: 'bob' }).first().click()
  await page.getByText('100 transactions so far.').waitFor()
  t.match(await rows(page).nth(1).innerText(), note.reference)
  await page.getByLabel('Reference', { exact: true }).fill(note.reference)
  await page.getByRole('button', { name: 'Filter' }).click()
  await page.getByText('1 transaction, and no more.').waitFor()
  await page.getByLabel('Reference', { exact: true }).fill('another')
  await page.getByRole('button', { name: 'Filter' }).click()
  await page.getByText('No transaction matches.').waitFor()

  for (const [{ transactionID }, there] of [
    [sent, 'Executed.'],
    [refused, 'Refused: INSUFFICIENT_BALANCE.'],
  ] as const) {
    await page.goto(page.url().replace(/#.*/, `#/transactions/${transactionID}`))
    await page.getByText(there).waitFor()
    const [facts = ''] = await page.locator('.facts').allInnerTexts()
    t.match(facts, note.reference)
    t.match(facts, `order\none\ntwo`)
  }
  await page.getByRole('link', { name: note.reference }).click()
  await page.getByText('2 transactions.').waitFor()
  t.equal(await page.locator('img').count(), 0)
  t.strictSame(browser.complaints, [])
})

t.test('a wallet that is frozen or closed says so, and who did it when and why', async (t) => {
  const { at, browser, service } = await setUp(t)
  const page = await at('#/wallets/ann-marie')
  await page.getByText('No transaction matches.').waitFor()
  await page.getByText('Open: money comes in and goes out.').waitFor()
  t.equal(await page.locator('.changes').count(), 0, 'no changes, while nothing was done')
  t.equal(await page.locator('.badge').count(), 0)
  for (const [state, reason] of [
    ['frozen', `a card was lost ${HTML}`],
    ['open', 'it was found'],
    ['closed', 'she moved'],
  ])
    await put(service.url, '/users/ann-marie/wallet/state', { state, reason })
  await put(service.url, '/users/bob/wallet/state', { state: 'frozen', reason: 'a court asked for it' })
  await page.getByRole('button', { name: 'Look again' }).click()
  const states = page.locator('section', { has: page.getByRole('heading', { name: 'State', exact: true }) })
  await states.getByText('Closed: no money comes in or goes out.').waitFor()
  const changes = await states.getByRole('listitem').allInnerTexts()
  t.equal(changes.length, 3)
  t.match(changes[0], /^Changed to\s+closed\s+Time[\s\S]+\d{4}-\d\d-\d\d [\d:.]+\s+By\s+not known\s+Why\s+she moved$/)
  t.match(changes[2], `a card was lost ${HTML}`)
  t.match(await page.locator('.row', { hasText: 'Look again' }).innerText(), /ann-marie\s+closed/)
  await page.goto(page.url().replace(/#.*/, '#/wallets'))
  await page.getByText('frozen').waitFor()
  const matches = await page.locator('.matches li').allInnerTexts()
  t.strictSame(
    matches.map((line) => /frozen|closed/.exec(line)?.[0]),
    [undefined, undefined, 'closed', 'frozen', undefined],
  )
  t.equal(await page.locator('img').count(), 0)
  t.strictSame(browser.complaints, [])
})

t.test('the live pictures show what the service does', async (t) => {
  const { at, browser, client } = await setUp(t)
  const page = await at('#/live')
  await page.getByText('Gathering …').waitFor()
  for (let moved = 0; (await page.getByText(/^[1-9][\d.]* executed of/).count()) === 0 && moved < 5000; moved += 1) {
    await client.deposit({ to: 'bob', amount: 1n })
    await client.withdraw({ from: '名前', amount: 1n }).catch(() => {})
  }
  await page.getByText(/^p50 [\d.]+, p99 [\d.]+$/).waitFor()
  await page.getByText('INSUFFICIENT_BALANCE').waitFor()
  await page.getByText('of 4096 that may').waitFor()
  await page.locator('.chart canvas').nth(4).waitFor()
  t.equal(await page.locator('.chart canvas').count(), 5)
  t.strictSame(browser.complaints, [])
})

t.test("the auditor's last result is shown, once there is one", async (t) => {
  const { at, browser, env } = await setUp(t)
  const page = await at('#/audit')
  await page.getByText('No result has been kept yet.').waitFor()
  await runWallet(t, ['audit'], { env })
  await page.reload()
  await page.getByText('All was as it should be').waitFor()
  t.match(await page.locator('.facts').innerText(), /Deposited\s+\$9,000,000,000\.000001 9000000000000001/)
  t.strictSame(browser.complaints, [])
})

t.test('what is not there, and a service that is away, are said in words', async (t) => {
  const { at, browser, service } = await setUp(t)
  const page = await at('#/wallets/nobody')
  await page.getByRole('alert').getByText('This user has no wallet.').waitFor()
  await page.goto(page.url().replace(/#.*/, '#/wallets/ann'))
  await page.getByRole('heading', { name: 'ann', exact: true }).waitFor()
  await service.end('SIGKILL')
  await page.getByRole('button', { name: 'Look again' }).click()
  await page.getByRole('alert').getByText('The service did not answer.').first().waitFor()
  t.strictSame(browser.complaints, [])
})

t.test('with tokens the console asks for one, says when it does not do, and forgets it', async (t) => {
  const issuer = await createIssuer(t)
  const { jwksURL, issuer: name, audience } = issuer.settings
  const tokens = { AUTH_JWKS_URL: jwksURL.href, AUTH_ISSUER: name, AUTH_AUDIENCE: audience }
  const env = { ...tokens, DATABASE_URL: toURL(await createTestDatabase(t)) }
  const { url, log } = await startServiceProcess(t, { env })
  const admin = await issuer.admin()
  await createWalletClient({ url, token: admin }).open('ann')
  const browser = await startBrowser(t)
  const page = await browser.open(`${url}/console/#/wallets/ann`)
  const field = page.getByLabel('Access token')
  await page.getByText('This service requires a token.').waitFor()
  const wrong = await issuer.token('ann')
  for (const token of ['no header holds this: ключ', wrong]) {
    await field.fill(token)
    await field.press('Enter')
    await page.getByText('That token was not accepted').waitFor()
    t.equal(
      await page.getByText('this wallet').count(),
      0,
      'who is no administrator sees no form that changes a wallet',
    )
    await page.getByRole('button', { name: 'Forget token' }).click()
    await page.getByText('This service requires a token.').waitFor()
  }
  await field.fill(admin)
  await page.getByRole('button', { name: 'Use it' }).click()
  await page.getByText('Freeze or close this wallet').waitFor()
  await page.reload()
  await page.getByText('Freeze or close this wallet').waitFor()
  t.notMatch(page.url(), admin, 'it is not in the address')
  await page.getByRole('button', { name: 'Forget token' }).click()
  await page.getByText('This service requires a token.').waitFor()
  for (const token of [wrong, admin]) t.notMatch(log(), token, 'no token reaches the log')
  t.strictSame(browser.complaints, [])
})
