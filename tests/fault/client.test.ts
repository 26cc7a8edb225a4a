import t from 'tap'
import { createWalletClient } from '../../client/client.ts'
import { depositThroughKills } from '../support/clients/killed-service.ts'

t.test('callers who only say "deposit" have deposited once each time, though the service is killed', (t) =>
  depositThroughKills(t, async (url) => {
    const client = createWalletClient({ url })
    return (reference) => client.deposit({ to: 'ann', amount: 1, reference })
  }),
)
