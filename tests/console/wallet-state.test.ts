import type { Page } from 'playwright-core'
import t from 'tap'
import { isUsable, PHONE_AT_NIGHT, startConsole } from './console-world.ts'

const { client, browser, at } = await startConsole(t)
for (const userID of ['ann', 'a <b>', 'carl']) await client.open(userID)
await client.deposit({ to: 'ann', amount: 5_000_000n })

interface Deed {
  readonly state: 'open' | 'frozen' | 'closed'
  readonly reason: string
  readonly confirmation: string
}

async function change(page: Page, { state, reason, confirmation }: Deed): Promise<void> {
  const form = page.locator('form.deed')
  if (!(await form.isVisible())) await page.locator('summary', { hasText: 'this wallet' }).click()
  await form.getByRole('radio', { name: new RegExp(`^${state}:`) }).check()
  await form.getByLabel('Why').fill(reason)
  await form.getByLabel('To confirm, type the user ID').fill(confirmation)
  await form.getByRole('button').click()
}

t.test('a wallet is frozen and opened again, with a reason that is kept, once its user ID was typed', async (t) => {
  const page = await at('#/wallets/ann')
  await page.getByText('Open: money comes in and goes out.').waitFor()
  for (const confirmation of ['an', 'Ann', 'ann '.repeat(2), 'bob']) {
    await change(page, { state: 'frozen', reason: 'a card was lost', confirmation })
    await page.getByRole('alert').getByText('Nothing was changed').waitFor()
  }
  t.notMatch(await client.wallet('ann'), { state: 'frozen' }, 'nothing was sent')
  await isUsable(t, page, 'a wrong confirmation')

  await change(page, { state: 'frozen', reason: 'a card was lost', confirmation: 'ann' })
  await page.getByRole('status').getByText('The wallet is frozen now.').waitFor()
  await page.getByText('Frozen: money comes in, and none goes out.').waitFor()
  t.match(await client.wallet('ann'), { state: 'frozen' })
  await page.getByRole('listitem').getByText('a card was lost').waitFor()
  t.match(await page.getByRole('listitem').allInnerTexts(), [/frozen[\s\S]+a card was lost/])

  await change(page, { state: 'open', reason: 'it was found', confirmation: 'ann' })
  await page.getByRole('status').getByText('The wallet is open now.').waitFor()
  await page.getByRole('listitem').getByText('it was found').waitFor()
  t.match(await page.getByRole('listitem').allInnerTexts(), [/it was found/, /a card was lost/], 'the newest first')
  t.equal((await client.wallet('ann')).state, undefined)
})

t.test('a wallet with money in it cannot be closed, which is said in words', async (t) => {
  const page = await at('#/wallets/ann', PHONE_AT_NIGHT)
  await page.locator('summary', { hasText: 'Freeze or close this wallet' }).waitFor()
  await change(page, { state: 'closed', reason: 'she moved', confirmation: 'ann' })
  await page.getByRole('alert').waitFor()
  t.match(await page.getByRole('alert').innerText(), /balance|money/)
  await isUsable(t, page, 'a wallet that is not empty')
  t.notMatch(await client.wallet('ann'), { state: 'closed' })
})

t.test('an empty one is closed, whatever its user ID looks like', async (t) => {
  const page = await at(`#/wallets/${encodeURIComponent('a <b>')}`)
  await page.locator('summary', { hasText: 'Freeze or close this wallet' }).waitFor()
  await change(page, { state: 'closed', reason: 'she moved', confirmation: 'a <b>' })
  await page.getByText('Closed: no money comes in or goes out.').waitFor()
  t.match(await client.wallet('a <b>'), { state: 'closed' })
})

t.test('if no answer comes, it is said that it may have been done', async (t) => {
  const page = await at('#/wallets/carl')
  await page.locator('summary', { hasText: 'Freeze or close this wallet' }).waitFor()
  await page.route('**/wallet/state', (route) => route.abort())
  await change(page, { state: 'frozen', reason: 'a card was lost', confirmation: 'carl' })
  await page.getByRole('alert').getByText('No answer came: it may have been done, or not.').waitFor()
  t.ok(await page.getByRole('button', { name: 'Freeze the wallet' }).isEnabled(), 'and it can be sent again')
})

t.test('no page complained', async (t) => {
  t.strictSame(browser.complaints, [])
})
