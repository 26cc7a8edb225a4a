/*
 * What `npm run test:citus` runs: every test that meets the store or the ledger, but for those that make no sense there.
 */

/** Files of the suites that are left out, and why. */
const LEFT_OUT: Readonly<Record<string, string>> = {
  'contract/memory-wallet-store': 'has no database',
  'contract/memory-deliveries': 'has no database',
  'contract/postgres-deliveries': 'there is no feed, and so there are no webhooks',
  'contract/postgres-standby': 'has a primary and a standby of its own; a Citus is not read from standbys',
  'property/batch-splitting': 'has no database',
  'property/books': 'has no database',
  'property/lists-and-states': 'has no database',
  'property/postgres-arrays': 'asks about the text form of arrays, which is that of PostgreSQL',
  'fault/disk-full': 'fills the disk of an embedded server of its own',
  'fault/connection-source': 'reads the source',
  'fault/feed': 'kills an embedded server of its own; there is no feed',
  'fault/webhook-killed': 'there is no feed, and so there are no webhooks',
  'fault/server-killed': 'kills an embedded server of its own; tests/citus kills coordinators and workers',
}

const RUN = [
  'citus/*',
  'contract/postgres-instances',
  'contract/postgres-wallet-store',
  'property/history-pages',
  'property/stores-agree',
  'fault/backends',
  'fault/client',
  'fault/clocks',
  'fault/exhaustion',
  'fault/instances',
  'fault/connection-end',
  'fault/connection-fence',
  'fault/connection-reads',
  'fault/connection-repeat',
  'fault/connection-round-trip',
  'fault/connection-server-bounds',
  'fault/connection-warm-up',
  'fault/network',
  'fault/points-of-a-batch',
  'fault/service-killed',
  'fault/workers-killed',
  'fault/sigterm',
  'fault/rolling-upgrade',
]

/** The files to run; says which are left out. Single tests that are left out say so where they stand. */
export function onCitus(say: (line: string) => void): readonly string[] {
  for (const [file, reason] of Object.entries(LEFT_OUT)) say(`left out: ${file}: ${reason}`)
  return RUN.map((file) => `dist/tests/${file}.test.js`)
}

/** Every file that is either run or left out. */
export const MENTIONED: readonly string[] = [...RUN, ...Object.keys(LEFT_OUT)]
