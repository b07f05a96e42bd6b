import test from 'ava'
import { loadDemo } from './demo-load.js'

test('forty people sign in to the demo at once: nothing is lost and no answer is good twice', async (t) => {
  const people = 40
  const { faults, persons, times } = await loadDemo({ people, rounds: 1, minutes: 4 })
  t.deepEqual(faults, [])
  t.is(persons.reduce((sum, { accepted }) => sum + accepted.length, 0), 2 * people)
  t.is(times['password']?.length, people)
})
