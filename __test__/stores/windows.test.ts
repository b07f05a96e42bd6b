// What Windows gets of the stores that keep files: a clear error, before the addon is asked.
import test from 'ava'
import { isCountersignError } from '../../index.js'
import { directoryStore, memoryStore, tfaConfigStore } from '../../facade/stores/index.js'

const platform = Object.getOwnPropertyDescriptor(process, 'platform')!

test.before(() => Object.defineProperty(process, 'platform', { ...platform, value: 'win32' }))
test.after.always(() => Object.defineProperty(process, 'platform', platform))

for (const [name, open] of Object.entries({
  directoryStore: () => directoryStore('countersign-on-windows', { create: true }),
  tfaConfigStore: () => tfaConfigStore('countersign-on-windows', { create: true }),
})) {
  test(`${name} is not supported on Windows, and says what is`, (t) => {
    const error = t.throws(open)
    t.true(isCountersignError(error, 'not-supported'))
    for (const word of [name, 'sqliteStore', 'postgresStore', 'redisStore', 'docs/recipes']) t.true(error.message.includes(word), error.message)
  })
}

test('memoryStore runs there', async (t) => {
  const store = memoryStore()
  await store.update('ann', () => ({ record: '{}', value: undefined }))
  t.is(await store.read('ann'), '{}')
})
