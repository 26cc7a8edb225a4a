import type { Transaction, WalletClient } from '../../client/client.ts'

/** The feed from its start to where it ends now. */
export async function readFeed(client: WalletClient): Promise<readonly Transaction[]> {
  const read: Transaction[] = []
  let page = await client.feedPage()
  while (page.transactions.length > 0) {
    read.push(...page.transactions)
    page = await client.feedPage({ after: page.next })
  }
  return read
}
