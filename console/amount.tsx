import { dollars } from './money.ts'

/** Money in dollars and in base units, to the last one of them. */
export function Amount({ units, sign = '' }: { readonly units: bigint | number | string; readonly sign?: string }) {
  return (
    <span class="amount">
      <span>
        {sign}
        {dollars(BigInt(units))}
      </span>{' '}
      <span class="units">
        {sign}
        {String(units)}
      </span>
    </span>
  )
}
