declare const epoch: unique symbol

/**
 * Names the time of a ledger from one restoration to the next (docs/recovery.md). What was given out in an earlier one may speak of
 * what the ledger has lost: its transaction IDs are retired, its feed cursors gone.
 */
export type Epoch = string & { readonly [epoch]: true }

/** Until the first restoration. */
export const FIRST_EPOCH = '' as Epoch
