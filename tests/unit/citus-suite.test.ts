import { readdirSync } from 'node:fs'
import t from 'tap'
import { MENTIONED } from '../support/citus/citus-suite.ts'

t.test(
  'every test of the contract, the properties and the faults is run on a Citus, or left out with a reason',
  async (t) => {
    const files = ['contract', 'property', 'fault'].flatMap((suite) =>
      readdirSync(`tests/${suite}`).flatMap(
        (name) =>
          /^(.*)\.test\.ts$/
            .exec(name)
            ?.slice(1)
            .map((file) => `${suite}/${file}`) ?? [],
      ),
    )
    t.ok(files.length > 20, `${files.length} files were found`)
    t.same(
      files.filter((file) => !MENTIONED.includes(file)),
      [],
    )
    const gone = MENTIONED.filter((file) => !file.includes('*') && !files.includes(file))
    t.same(gone, [], 'none is mentioned that is not there')
  },
)
