/** What must hold of a ledger, in the order in which it is reported. */
export const CHECKS = [
  { name: 'wallet-balance', says: 'each balance is the sum of the transactions and the balance after the last' },
  { name: 'wallet-version', says: "each wallet's version and updatedAt are those of its last transaction" },
  { name: 'wallet-missing', says: 'no transaction is without a wallet' },
  { name: 'ids', says: 'ids run 1 … n without a gap' },
  { name: 'balances', says: 'each balance follows from the one before' },
  { name: 'times', says: 'createdAt rises with the id' },
  { name: 'limits', says: 'types, amounts and balances are within their limits' },
  { name: 'transfer-halves', says: 'each transfer has its two halves, which name each other' },
  { name: 'one-outcome', says: 'each transaction ID has one outcome' },
  { name: 'notes', says: 'each reference and metadata belongs to a transaction or a refusal' },
  { name: 'references', says: 'both halves of a transfer have the same reference' },
  { name: 'metadata', says: 'no metadata is on the half of who received a transfer' },
  { name: 'wallet-state', says: "each wallet's state is that of its last change of state" },
  { name: 'change-ids', says: "the changes of a wallet's state run 1 … n without a gap" },
  { name: 'change-times', says: 'each change of state is later than the one before' },
  { name: 'change-steps', says: 'each change of state changes it' },
  { name: 'closed', says: 'a closed wallet holds nothing' },
  { name: 'money', says: 'the money in the system is deposits less withdrawals' },
  { name: 'read-alike', says: 'as many transactions are found by wallet as by transaction ID' },
] as const

export type CheckName = (typeof CHECKS)[number]['name']
