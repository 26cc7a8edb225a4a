declare const amount: unique symbol
declare const balance: unique symbol

/** What a transaction moves: base units (10^6 = 1 dollar), from 1 to {@link MAX_UNITS}. The transaction's type gives its sign. */
export type Amount = bigint & { readonly [amount]: true }

/** What a wallet holds: base units (10^6 = 1 dollar), from 0 to {@link MAX_UNITS}. */
export type Balance = bigint & { readonly [balance]: true }

/** 2^53 − 1: the largest integer that every JSON client reads exactly. */
export const MAX_UNITS = 9_007_199_254_740_991n

export const EMPTY = 0n as Balance

/** Narrows base units to an {@link Amount}; a value out of range is the caller's bug. */
export function toAmount(units: bigint): Amount {
  if (units < 1n || units > MAX_UNITS) throw new RangeError(`not an amount: ${units}`)
  return units as Amount
}

/** Narrows base units to a {@link Balance}; a value out of range is the caller's bug. */
export function toBalance(units: bigint): Balance {
  if (units < 0n || units > MAX_UNITS) throw new RangeError(`not a balance: ${units}`)
  return units as Balance
}

/** The balance after `amount` came in, or `undefined` if it would pass {@link MAX_UNITS}. */
export function plus(current: Balance, amount: Amount): Balance | undefined {
  const sum = current + amount
  return sum > MAX_UNITS ? undefined : (sum as Balance)
}

/** The balance after `amount` went out, or `undefined` if it would fall below 0. */
export function minus(current: Balance, amount: Amount): Balance | undefined {
  return current < amount ? undefined : ((current - amount) as Balance)
}
