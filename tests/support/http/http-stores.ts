import { IS_QUICK } from '../../run/suites.ts'
import { startHTTP, startHTTPOverPostgres } from './http.ts'
import { startHTTPOverInstances } from './http-instances.ts'

/**
 * The service over each make of store, by what it is over. HTTP cannot tell them apart, and the stores have a suite of their
 * own: so the quick tests have the memory store only, and say so.
 */
export const HTTP_STORES = [
  ['over memory', startHTTP],
  ...(IS_QUICK
    ? []
    : ([
        ['over PostgreSQL', startHTTPOverPostgres],
        ['over four instances on PostgreSQL', startHTTPOverInstances],
      ] as const)),
] as const
