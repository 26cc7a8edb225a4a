import type { Times } from './answers.ts'
import { fromField } from './times.ts'
import { TYPE_NUMBERS } from './transaction-types.ts'

/** As an input counts, in UTF-16, where each of 64 characters takes at most two. */
export const MAX_REFERENCE_UNITS = 128

/** The longest that can be found is a user ID of 128 characters. */
export const MAX_SEARCH_UNITS = 256

/** A reference that stands in the address, as it is: blanks are part of it. */
export function referenceOf(parameters: URLSearchParams): string | undefined {
  return parameters.get('reference') || undefined
}

/** What narrows a statement, as it stands in the address: times as their fields hold them, which is in UTC. */
export function filtersOf(parameters: URLSearchParams) {
  const types = TYPE_NUMBERS.filter((type) => parameters.getAll('type').includes(String(type)))
  const after = fromField(parameters.get('after') ?? '')
  const before = fromField(parameters.get('before') ?? '')
  const times: Times = {
    ...(after !== undefined && { createdAfter: after }),
    ...(before !== undefined && { createdBefore: before }),
  }
  return { types, times, reference: referenceOf(parameters) }
}

/** The filters of a form, without those that are left empty. */
export function toParameters(form: HTMLFormElement): URLSearchParams {
  const filled = [...new FormData(form)].filter(
    (field): field is [string, string] => typeof field[1] === 'string' && field[1] !== '',
  )
  return new URLSearchParams(filled)
}
