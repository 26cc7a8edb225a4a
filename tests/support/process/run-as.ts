import { stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { Account } from '../../../src/adapters/embedded-postgres/account.ts'

/**
 * A command line that runs as `account`. If one of the paths lies in a folder that the account may not enter (a checkout
 * in root's home, say), it is lent the one right to pass through folders and to read.
 */
export async function runAs(
  account: Account | undefined,
  [command, ...parameters]: readonly [string, ...string[]],
  paths: readonly string[],
): Promise<{ command: string; parameters: readonly string[]; identity: { uid?: number; gid?: number } }> {
  if (account === undefined) return { command, parameters, identity: {} }
  const { uid, gid } = account
  const reached = await Promise.all([command, ...paths].map((path) => mayEnter(account, dirname(path))))
  if (reached.every(Boolean)) return { command, parameters, identity: { uid, gid } }
  const rights = ['--inh-caps', '+dac_read_search', '--ambient-caps', '+dac_read_search']
  const become = ['--reuid', String(uid), '--regid', String(gid), '--clear-groups', ...rights]
  return { command: 'setpriv', parameters: [...become, '--', command, ...parameters], identity: {} }
}

async function mayEnter(account: Account, folder: string): Promise<boolean> {
  const { mode, uid, gid } = await stat(folder)
  const bit = uid === account.uid ? 0o100 : gid === account.gid ? 0o010 : 0o001
  if ((mode & bit) === 0) return false
  const parent = dirname(folder)
  return parent === folder || mayEnter(account, parent)
}
