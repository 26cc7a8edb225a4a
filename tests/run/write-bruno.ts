import { mkdir, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { readAPIDocument } from '../support/http/api-document.ts'
import { renderBrunoCollection } from '../support/http/bruno-collection.ts'

/* Writes the Bruno collection anew, after a change of the API. */

const FOLDER = 'examples/bruno'

await rm(FOLDER, { recursive: true, force: true })
for (const [path, text] of renderBrunoCollection(await readAPIDocument())) {
  await mkdir(dirname(join(FOLDER, path)), { recursive: true })
  await writeFile(join(FOLDER, path), text)
}
