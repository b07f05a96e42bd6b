// The time that many have, with one timer.
import { setTimeout as pause } from 'node:timers/promises'
import test from 'ava'
import { Deadline } from '../../facade/http/deadline.js'

test('each is late after its own time, unless it has ended', async (t) => {
  const deadline = new Deadline(200)
  const late: [string, number][] = []
  const begun = performance.now()
  const begin = (name: string, then?: () => void) => {
    const since = performance.now()
    return deadline.begin(() => {
      late.push([name, performance.now() - since])
      then?.()
    })
  }
  const first = begin('first')
  begin('second')
  await pause(100)
  begin('third', () => deadline.end(fourth))
  deadline.end(first)
  t.deepEqual(late, [])
  const fourth = begin('fourth')
  while (late.length < 2) await pause(5)
  t.deepEqual(late.map(([name]) => name), ['second', 'third'])
  for (const [name, time] of late) t.true(time >= 200, `${name}: ${time}`)
  t.true(performance.now() - begun >= 300)
  // Once nobody waits the timer ends, and another one begins.
  begin('fifth')
  while (late.length < 3) await pause(5)
  t.true(late[2]![1] >= 200)
})
