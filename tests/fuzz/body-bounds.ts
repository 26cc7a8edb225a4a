import type { Operation } from './document.ts'

const KIB = 1024

/** How large a body may be, as the contract has it. */
export function maxBodyBytes({ id }: Pick<Operation, 'id'>): number {
  return id === 'submitList' ? 512 * KIB : 16 * KIB
}
