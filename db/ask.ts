import type pg from 'pg'

/** What is asked at every start must not hang if the server says nothing. */
const ANSWER_LIMIT_MS = 5000

/** Asks the server one thing, and waits no longer than a start may. */
export async function ask<Row extends pg.QueryResultRow>(
  client: pg.Client,
  text: string,
  values: readonly unknown[] = [],
): Promise<Row[]> {
  const question = { text, values: [...values], query_timeout: ANSWER_LIMIT_MS }
  const { rows } = await client.query<Row>(question)
  return rows
}
