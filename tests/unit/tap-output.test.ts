import t from 'tap'
import { failures, tally } from '../run/tap-output.ts'

const TAP = `TAP version 14
# Subtest: dist/tests/unit/a.test.js
    # Subtest: sums
        ok 1 - one
        not ok 2 - two
          ---
          diff: |
            -1
            +2
            not ok 7 - what was quoted
          ...
        
        1..2
    not ok 1 - sums # time=3ms
      ---
      at:
        fileName: a.test.ts
      ...
    
    # Subtest: names
        ok 1 - a name
        1..1
    ok 2 - names # time=1ms
    
    not ok 3 - later # SKIP not here
    1..3
not ok 1 - dist/tests/unit/a.test.js # time=90ms
  ---
  env: {}
  ...

# Subtest: dist/tests/unit/b.test.js
    1..0
not ok 2 - dist/tests/unit/b.test.js # timeout
  ---
  signal: SIGTERM
  ...

1..2
`

t.test('assertions and processes are counted', async (t) => {
  t.strictSame(tally(TAP), { passed: 3, failed: 2, processes: 2 })
})

t.test('a failure is told once, in full, with where it is; a process that failed by itself too', async (t) => {
  t.equal(
    failures(TAP),
    `dist/tests/unit/a.test.js > sums > two
          diff: |
            -1
            +2
            not ok 7 - what was quoted

dist/tests/unit/b.test.js # timeout
  signal: SIGTERM
`,
  )
})
