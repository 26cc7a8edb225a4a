import type { Page } from 'playwright-core'
import t from 'tap'
import { administer } from '../support/database/database.ts'
import { runWallet } from '../support/process/service-process.ts'
import { isUsable, PHONE_AT_NIGHT, rows, startConsole } from './console-world.ts'

const { env, database, client, browser, at } = await startConsole(t)

const section = (page: Page, title: string) =>
  page.locator('section', { has: page.getByRole('heading', { name: title, exact: true }) })

t.test('an empty ledger has an overview too, which says how to audit it', async (t) => {
  for (const options of [{}, PHONE_AT_NIGHT]) {
    const page = await at('', options)
    await section(page, 'Money in the system').getByText('Run npx wallet audit').waitFor()
    await page.getByText('There is no transaction yet.').waitFor()
    await page.getByText(/executed of [\d.]+ requests/).waitFor()
    await section(page, 'Webhook').getByText('None is set.').waitFor()
    await isUsable(t, page, 'an empty ledger')
  }
})

t.test('transactions come to the first page as they happen, newest first', async (t) => {
  const page = await at('')
  await page.getByText('There is no transaction yet.').waitFor()
  await page.evaluate('window.opened = true')
  for (const userID of ['ann', 'bob']) await client.open(userID)
  await client.deposit({ to: 'ann', amount: 5_000_000n })
  await rows(page).getByText('Deposit').waitFor()
  await client.transfer({ from: 'ann', to: 'bob', amount: 1_500_000n })
  await rows(page).getByText('Transfer in').waitFor()
  const [first = '', second = '', third] = await rows(page).allInnerTexts()
  t.match([first, second].sort().join(), /^ann[\s\S]*Transfer out[\s\S]*−\$1\.50[\s\S]*bob[\s\S]*Transfer in/)
  t.match(third, /^ann[\s\S]*Deposit/)

  await page.getByRole('button', { name: 'Pause' }).click()
  await client.deposit({ to: 'bob', amount: 1n })
  const other = await at('')
  await rows(other).nth(3).waitFor()
  t.equal(await rows(page).count(), 3, 'what is paused stands still')
  await page.getByRole('button', { name: 'Pause' }).click()
  await rows(page).nth(3).waitFor()
  t.equal(await page.evaluate('window.opened'), true, 'it was never loaded again')
  await isUsable(t, page, 'a few transactions')
})

t.test('of many transactions at once the newest are shown, each once', async (t) => {
  const page = await at('')
  await rows(page).first().waitFor()
  const many = Array.from({ length: 300 }, () => ({ kind: 'deposit', to: 'bob', amount: 2n }) as const)
  const ids = await client.issueMany('bob', many.length)
  await client.submit(many.map((each, n) => ({ ...each, transactionID: ids.transactionIDs[n] ?? '' })))
  const last = await client.deposit({ to: 'bob', amount: 3n })
  await rows(page).getByText(last.transactionID).waitFor()
  const shown = await rows(page).locator('td:nth-child(2)').allInnerTexts()
  t.strictSame(
    shown.map(Number),
    Array.from({ length: 20 }, (_, n) => last.id - n),
  )
})

t.test('the figures are those of the last audit, and say of when they are', async (t) => {
  await runWallet(t, ['audit'], { env })
  for (const options of [{}, PHONE_AT_NIGHT]) {
    const page = await at('', options)
    const money = section(page, 'Money in the system')
    await money.getByText('The audit found nothing wrong.').waitFor()
    const text = await money.innerText()
    t.match(text, /In all wallets\s+\$5\.000604 5000604\s+Wallets\s+2\s+Transactions\s+305/)
    t.match(text, /As of the last audit, at \d{4}-\d\d-\d\d [\d:.]+ UTC, (just now|\d+ minutes? ago)\./)
    await isUsable(t, page, 'after an audit')
  }
})

t.test('a damaged ledger is said to be damaged on the first page', async (t) => {
  await administer(database, "UPDATE user_wallet SET balance = balance + 1 WHERE user_id = 'bob'")
  t.teardown(() => administer(database, "UPDATE user_wallet SET balance = balance - 1 WHERE user_id = 'bob'"))
  await runWallet(t, ['audit'], { env })
  for (const options of [{}, PHONE_AT_NIGHT]) {
    const page = await at('', options)
    await page.getByText(/^The ledger is damaged: \d+ findings\./).waitFor()
    await isUsable(t, page, 'a damaged ledger')
    await page.getByRole('link', { name: 'See the audit' }).click()
    await page.getByRole('alert').getByText('The ledger is damaged').waitFor()
    await page.getByRole('link', { name: 'bob' }).first().waitFor()
    await isUsable(t, page, 'findings')
  }
})

t.test('a ledger without a feed, and one that is away, are explained', async (t) => {
  const answers = [
    [501, 'FEED_UNAVAILABLE', 'There is no list of them on this database. The tables lie on a Citus.'],
    [500, 'INTERNAL', 'The tables lie on a Citus.'],
  ] as const
  for (const [status, code, there] of answers) {
    const page = await at('#/audit')
    const problem = { type: 'urn:x', title: 'x', status, code, detail: 'The tables lie on a Citus.', instance: 'x' }
    await page.route('**/console/data/newest', (route) =>
      route.fulfill({ status, contentType: 'application/problem+json', body: JSON.stringify(problem) }),
    )
    await page.getByRole('link', { name: 'Overview' }).click()
    await section(page, 'Newest transactions').getByText(there).waitFor()
    await isUsable(t, page, code)
  }
})

t.test('where the webhook stands is shown', async (t) => {
  const webhook = { origin: 'https://shop.example', deliveredAt: '2026-11-29T18:00:00.000000Z', behind: 0.2 }
  const states = [
    [{ ...webhook, failingSince: null, lastError: null }, 'It delivers.'],
    [
      { ...webhook, deliveredAt: null, failingSince: '2026-11-29T17:00:00.000000Z', lastError: 'it answered 500' },
      /It has failed since 2026-11-29 17:00:00.000000 UTC, .*: it answered 500/,
    ],
  ] as const
  for (const [state, there] of states) {
    const page = await at('#/audit', PHONE_AT_NIGHT)
    await page.route('**/console/data/webhook', (route) => route.fulfill({ json: { webhook: state } }))
    await page.getByRole('link', { name: 'Overview' }).click()
    await section(page, 'Webhook').getByText(there).waitFor()
    await isUsable(t, page, `webhook: ${there}`)
  }
})

t.test('no page complained', async (t) => {
  t.strictSame(browser.complaints, [])
})
