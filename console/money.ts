const UNITS_PER_DOLLAR = 1_000_000n
const DECIMALS = 6
const MIN_DECIMALS = 2

/** Base units as dollars, all of their decimals and never fewer than two: `1,234.5678`. */
export function dollars(units: bigint): string {
  const [sign, size] = units < 0n ? ['−', -units] : ['', units]
  const whole = (size / UNITS_PER_DOLLAR).toString().replace(/\B(?=(\d{3})+$)/g, ',')
  const decimals = (size % UNITS_PER_DOLLAR).toString().padStart(DECIMALS, '0').replace(/0+$/, '')
  return `${sign}$${whole}.${decimals.padEnd(MIN_DECIMALS, '0')}`
}

/** The zeros that {@link dollars} leaves out: in their place, the points of a column stand below each other. */
export function zerosBehind(text: string): string {
  const decimals = text.length - text.indexOf('.') - 1
  return '0'.repeat(DECIMALS - decimals)
}

const short = new Intl.NumberFormat('en', {
  ...{ style: 'currency', currency: 'USD', notation: 'compact' },
  ...{ minimumFractionDigits: 0, maximumSignificantDigits: 4 },
})

/** For the marks of an axis, which are round: `$2.5M`. */
export function shortDollars(units: number): string {
  return short.format(units / Number(UNITS_PER_DOLLAR))
}
