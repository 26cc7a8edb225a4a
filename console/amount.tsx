import { dollars, zerosBehind } from './money.ts'

/**
 * Money in dollars and in base units, to the last one of them. In a column the zeros behind take their place, unseen: no one
 * copies them, and no screen reader reads them out.
 */
export function Amount({ units, sign = '' }: { readonly units: bigint | number | string; readonly sign?: string }) {
  const text = dollars(BigInt(units))
  return (
    <span class="amount">
      <span>
        {sign}
        {text}
        <span class="zeros">{zerosBehind(text)}</span>
      </span>{' '}
      <span class="units">
        {sign}
        {String(units)}
      </span>
    </span>
  )
}
