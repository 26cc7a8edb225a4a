import { useEffect, useState } from 'preact/hooks'

/*
 * Where one is, kept behind the `#` of the address: a link to anything that is shown can be sent to a colleague, and the
 * browser's own buttons work.
 */

export type Place = 'overview' | 'search' | 'wallets' | 'statement' | 'transactions' | 'live' | 'audit'

export interface Location {
  readonly place: Place
  /** What of it: a user ID, a transaction ID; empty if none is chosen. A reference, or what is searched for, is a filter. */
  readonly of: string
  readonly filters: URLSearchParams
}

const PLACES: readonly Place[] = ['overview', 'search', 'wallets', 'statement', 'transactions', 'live', 'audit']

export function parseLocation(hash: string): Location {
  const [, place, of = '', filters = ''] = /^#\/([a-z]+)(?:\/([^?]*))?(?:\?(.*))?$/.exec(hash) ?? []
  return {
    place: PLACES.find((each) => each === place) ?? 'overview',
    of: decode(of),
    filters: new URLSearchParams(filters),
  }
}

export function linkTo(place: Place, of = '', filters = new URLSearchParams()): string {
  const query = String(filters)
  return `#/${place}${of === '' ? '' : `/${encodeURIComponent(of)}`}${query === '' ? '' : `?${query}`}`
}

/** To what stands under a reference, in whatever wallet. */
export function linkToReference(reference: string): string {
  return linkTo('transactions', '', new URLSearchParams({ reference }))
}

export function linkToSearch(text: string): string {
  return linkTo('search', '', new URLSearchParams({ for: text }))
}

export function go(link: string): void {
  location.hash = link
}

/** The same, in the place of where one is: the browser's way back leads past it. */
export function goInstead(link: string): void {
  location.replace(link)
}

export function useLocation(): Location {
  const [hash, setHash] = useState(location.hash)
  useEffect(() => {
    const changed = () => setHash(location.hash)
    addEventListener('hashchange', changed)
    return () => removeEventListener('hashchange', changed)
  }, [])
  return parseLocation(hash)
}

/** An address that someone mangled is no reason to show nothing. */
function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
