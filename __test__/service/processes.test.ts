import { fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

import test from 'ava'

import { totpAt } from '../../facade/testing/totp-at.js'
import { temporaryDirectory } from '../helpers/directories.js'
import { fileStore } from '../helpers/file-stores.js'
import { Fixture, wrongCode } from '../helpers/service.js'
import { stores } from '../helpers/stores.js'

const user = 'ann'
const child = fileURLToPath(new URL('./processes/answer.js', import.meta.url))

/** What four processes count together, each with 12 or 13 answers at once. */
async function inFourProcesses(path: string, code: string, now: number): Promise<number> {
  const children = [12, 12, 13, 13].map((times) => fork(child, [path, user, code, String(now), String(times)]))
  await Promise.all(children.map((process) => once(process, 'message')))
  const counts = children.map((process) => once(process, 'message'))
  for (const process of children) process.send('go')
  return (await Promise.all(counts)).reduce((sum, [count]) => sum + Number(count), 0)
}

for (const kind of ['directory', 'tfa.cfg']) {
  const newPath = () => (kind === 'directory' ? temporaryDirectory() : join(temporaryDirectory(), kind))

  test(`${kind}: 50 parallel answers with one code, from four processes: exactly one`, async (t) => {
    const path = newPath()
    const fixture = await Fixture.open(fileStore(path).open())
    const { uri } = await fixture.enrolTotp(user)
    fixture.step()
    t.is(await inFourProcesses(path, totpAt(uri, fixture.now), fixture.now), 1)
  })

  test(`${kind}: 50 parallel wrong codes from four processes: none is lost, and the lock comes at the eighth`, async (t) => {
    const path = newPath()
    const fixture = await Fixture.open(fileStore(path).open())
    const { uri } = await fixture.enrolTotp(user)
    fixture.step()
    t.is(await inFourProcesses(path, wrongCode(uri, fixture.now), fixture.now), 0)
    const status = await fixture.service.status(user)
    t.deepEqual([status.totpFailures, status.failures, status.locked], [8, 8, ['totp']])
  })
}

for (const [name, makeStore] of Object.entries(stores)) {
  test(`${name}: 100 parallel updates of one user, all of them kept`, async (t) => {
    const fixture = await Fixture.open(await makeStore())
    const factors = [await fixture.enrolTotp(user), await fixture.enrolTotp(user)]
    const codes = await fixture.service.createRecoveryCodes(user)
    const renames = Array.from({ length: 90 }, (_, i) =>
      fixture.service.updateFactor(user, factors[i % 2]!.factor.id, { description: `${i}` }),
    )
    const uses = codes.map((code) => fixture.service.verify(user, { type: 'recovery', code }))
    t.true((await Promise.all(renames)).every(({ ok }) => ok))
    t.true((await Promise.all(uses)).every(({ ok }) => ok))
    t.is((await fixture.service.status(user)).recoveryCodesLeft, 0)
    t.is((await fixture.service.factors(user)).length, 3)
  })
}
