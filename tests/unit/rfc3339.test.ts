import t from 'tap'
import { formatInstant } from '../../src/adapters/fastify/rfc3339.ts'
import { toInstant } from '../../src/domain/instant.ts'

t.test('an instant is written in UTC with six digits', async (t) => {
  t.equal(formatInstant(toInstant(1_734_321_542_608_558n)), '2024-12-16T03:59:02.608558Z')
})
