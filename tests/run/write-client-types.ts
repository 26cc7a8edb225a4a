import { writeFile } from 'node:fs/promises'
import { readAPIDocument, renderClientTypes } from '../support/http/api-document.ts'

/* Writes the client's types anew, after a change of the API. */

await writeFile('client/api-types.ts', await renderClientTypes(await readAPIDocument()))
