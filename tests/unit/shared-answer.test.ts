import t from 'tap'
import { sharedAnswer } from '../../src/app/shared-answer.ts'

t.test('all who ask while a question is being answered get the one answer, and the next is asked anew', async (t) => {
  let questions = 0
  const ask = sharedAnswer(async () => {
    questions += 1
    return questions
  })
  t.same(await Promise.all([ask(), ask(), ask()]), [1, 1, 1])
  t.equal(await ask(), 2)
})

t.test('a failure is told to all who asked, and is not kept', async (t) => {
  let fails = true
  const ask = sharedAnswer(async () => {
    if (fails) throw new Error('down')
    return 'up'
  })
  const answers = await Promise.allSettled([ask(), ask()])
  t.same(
    answers.map(({ status }) => status),
    ['rejected', 'rejected'],
  )
  fails = false
  t.equal(await ask(), 'up')
})
