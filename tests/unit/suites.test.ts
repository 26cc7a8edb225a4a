import { readdirSync } from 'node:fs'
import t from 'tap'
import { all, quick, type Suite } from '../run/suites.ts'

/** Folders with a command of their own, which `.ci/run` calls; that of Citus needs a server that CI has not got. */
const OTHER_COMMANDS = ['citus', 'clients', 'console', 'containers', 'deploy', 'fault', 'recovery', 'starts']

function filesOf({ files, together }: Suite): readonly string[] {
  return [
    ...files,
    ...Object.values(together)
      .flat()
      .map((name) => `dist/tests/${name}`),
  ]
}

t.test('every test file runs once in test:all, or has a command of its own', async (t) => {
  const written = readdirSync('tests', { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.test.ts') && !OTHER_COMMANDS.includes(file.split('/')[0] ?? ''))
    .map((file) => `dist/tests/${file.replace(/ts$/, 'js')}`)
  t.strictSame(all().flatMap(filesOf).toSorted(), written.toSorted())
})

t.test('what npm test runs is part of test:all', async (t) => {
  const everything = all().flatMap(filesOf)
  t.strictSame(
    filesOf(quick()).filter((file) => !everything.includes(file)),
    [],
  )
})
