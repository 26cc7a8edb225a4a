import { MAX_UNITS } from '../src/domain/money.ts'

const UNITS_PER_DOLLAR = 1_000_000n
const DECIMALS = 6

const BASE_UNITS = /^[1-9]\d{0,18}$/
const DOLLARS = /^(0|[1-9]\d{0,12})(?:\.(\d{1,6}))?usd$/

export const AMOUNT_EXPECTED = `whole base units (1250000) or dollars with up to six decimals (1.25usd), at most ${MAX_UNITS} base units`

/** Reads base units, `1250000`, or dollars, `1.25usd`, exactly; `undefined` for anything else, and out of range. */
export function parseAmount(text: string): bigint | undefined {
  const [, dollars, decimals = ''] = DOLLARS.exec(text) ?? []
  let units = BASE_UNITS.test(text) ? BigInt(text) : 0n
  if (dollars !== undefined) units = BigInt(dollars) * UNITS_PER_DOLLAR + BigInt(decimals.padEnd(DECIMALS, '0'))
  return units >= 1n && units <= MAX_UNITS ? units : undefined
}

/** In dollars with all six decimals, which line up below each other. */
export function inDollars(units: bigint): string {
  const decimals = String(units % UNITS_PER_DOLLAR).padStart(DECIMALS, '0')
  return `${units / UNITS_PER_DOLLAR}.${decimals}`
}

/** For people, and never rounded: `3.75 dollars (3750000 base units)`. */
export function describeAmount(units: bigint): string {
  const dollars = inDollars(units).replace(/\.?0+$/, '')
  return `${dollars} ${dollars === '1' ? 'dollar' : 'dollars'} (${units} base ${units === 1n ? 'unit' : 'units'})`
}
