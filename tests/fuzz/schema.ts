import fc from 'fast-check'
import type { JSONSchema } from './document.ts'

/** Whether a body of this schema has members. */
export function isObject(schema: JSONSchema | undefined): schema is JSONSchema {
  return schema !== undefined && Object.keys(propertiesOf(schema)).length > 0
}

export function isSchema(value: unknown): value is JSONSchema {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

export function propertiesOf({ properties }: JSONSchema): Readonly<Record<string, JSONSchema>> {
  return isSchema(properties)
    ? Object.fromEntries(
        Object.entries(properties).filter((entry): entry is [string, JSONSchema] => isSchema(entry[1])),
      )
    : {}
}

export function numberOf(value: unknown): number {
  if (typeof value !== 'number') throw new Error(`there is no bound: ${JSON.stringify(value)}`)
  return value
}

export function integers({ minimum, maximum }: JSONSchema): fc.Arbitrary<number> {
  return fc.maxSafeInteger().map((n) => {
    const [min, max] = [numberOf(minimum), numberOf(maximum)]
    return n === 0 ? min : n % 7 === 0 ? max : min + (Math.abs(n) % (max - min))
  })
}

/** Around both bounds. */
export function beyond({ minimum, maximum }: JSONSchema): fc.Arbitrary<string> {
  const bounds = [BigInt(numberOf(minimum)), BigInt(numberOf(maximum))]
  return fc
    .tuple(fc.constantFrom(...bounds), fc.constantFrom(-1n, 0n, 1n, 2n))
    .map(([bound, off]) => String(bound + off))
}
