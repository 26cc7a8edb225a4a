import type postgres from 'postgres'

/** What statements are made with: the template tag of the package. */
export type Sql = postgres.Sql
