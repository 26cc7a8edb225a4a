import type { Test } from 'tap'
import type { ServerAddress } from '../../../db/address.ts'
import { createPostgresStandby, type PostgresStandby } from '../../../src/adapters/postgres/standby.ts'
import { STANDBY_BOUNDS } from '../../../src/app/bounds.ts'
import type { StandbyBounds } from '../../../src/app/standby-reads.ts'
import { eventually } from '../eventually.ts'

const LIMIT_MS = 60_000

/** Reads that wait for the standby, however busy the machine is. */
export const PATIENT: StandbyBounds = {
  wallets: { ...STANDBY_BOUNDS.wallets, deadlineMs: LIMIT_MS },
  histories: { ...STANDBY_BOUNDS.histories, deadlineMs: LIMIT_MS },
}

/** The reads of a standby that may be as late as it likes; it is in use. */
export async function openPatientStandby(
  t: Test,
  primary: ServerAddress,
  address: ServerAddress,
): Promise<PostgresStandby> {
  const standby = createPostgresStandby({
    ...{ address, primary, connections: 3, maxBehindMs: Number.MAX_SAFE_INTEGER, onChange: () => {} },
  })
  t.teardown(() => standby.close())
  void standby.start()
  await eventually('the standby is used', LIMIT_MS, () => standby.reading().usable || undefined)
  return standby
}
