// What an installed package must do on any platform and runtime: `node smoke.mjs` in a folder that has it. Needs nothing else,
// and prints `N passed, N failed` as its last line.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const require = createRequire(import.meta.url)
const { exports, name } = require('countersign/package.json')
const entries = Object.keys(exports).filter((entry) => entry !== './package.json').map((entry) => entry.replace('.', name))

const { Countersign } = await import('countersign')
const { directoryStore, memoryStore, tfaConfigStore } = await import('countersign/stores')
const { storeTests, TestAuthenticator, totpAt } = await import('countersign/testing')
const totp = await import('countersign/totp')

const origin = 'https://example.com'
const rp = { id: 'example.com', name: 'Example', origins: [origin] }
const checks = []
const check = (name, run) => checks.push({ name, run })

// It is made of React, which is not here.
check('what needs React names it', () => assert.rejects(import('countersign/react'), /react@19|['"]react['"]|access react /))
for (const entry of entries.filter((entry) => entry !== 'countersign/react')) {
  check(`import ${entry}`, async () => {
    const imported = await import(entry)
    // Bun gives a module that is required a member of its own.
    const names = (module) => Object.keys(module).filter((key) => key !== '__esModule' && key !== 'default' && key !== 'module.exports').sort()
    assert.deepEqual(names(require(entry)), names(imported))
    if (entry !== `${name}/browser/jsx`) assert.notDeepEqual(names(imported), [])
  })
}

check('TOTP: the vectors of RFC 6238', () => {
  const secret = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ'
  for (const [seconds, code] of [[59, '94287082'], [1111111109, '07081804'], [20000000000, '65353130']]) {
    assert.equal(totp.totpCode({ secret, digits: 8 }, seconds * 1000), code)
  }
})

for (const algorithm of ['ES256', 'EdDSA', 'RS256']) {
  check(`WebAuthn: enrol and sign in with ${algorithm}`, () => withService(memoryStore(), async (service) => {
    const key = new TestAuthenticator({ algorithm, userVerified: true })
    const response = await key.create(await service.beginWebauthn('ann', { name: 'ann', displayName: 'Ann' }), { origin })
    assert.equal((await service.finishWebauthn('ann', { response, description: 'key' })).ok, true)
    const { webauthn } = await service.challenge('ann')
    const answer = { type: 'webauthn', response: await key.get(webauthn, { origin }) }
    assert.equal((await service.verify('ann', answer)).ok, true)
    // Once and no more.
    assert.equal((await service.verify('ann', answer)).ok, false)
  }))
}

check('codes and recovery codes: right, wrong, used', () => withService(memoryStore(), codes))

const unix = process.platform !== 'win32'
check('the directory store keeps what the service does', () => inFolder((path) => (unix
  ? withService(directoryStore(join(path, 'store'), { create: true }), codes)
  : unsupported(() => directoryStore(join(path, 'store'), { create: true })))))
check('the store of tfa.cfg', () => inFolder((path) => (unix
  ? withService(tfaConfigStore(join(path, 'tfa.cfg'), { create: true }), codes)
  : unsupported(() => tfaConfigStore(join(path, 'tfa.cfg'), { create: true })))))

for (const { name, run } of storeTests) {
  check(`memoryStore: ${name}`, () => run(() => memoryStore()))
  if (unix) check(`directoryStore: ${name}`, () => inFolder((path) => run(() => directoryStore(join(path, 'store'), { create: true }))))
}

let passed = 0
const failures = []
for (const { name, run } of checks) {
  try {
    await run()
    passed += 1
  } catch (error) {
    failures.push(name)
    console.log(`FAILED ${name}: ${error?.stack ?? error}`)
  }
}
console.log(`\n${passed} passed, ${failures.length} failed`)
process.exitCode = failures.length === 0 && passed > 0 ? 0 : 1

async function codes(service) {
  const { enrolment, uri, qr } = await service.beginTotp('bob', { account: 'bob' })
  assert.ok(qr)
  const now = Date.now()
  assert.equal((await service.finishTotp('bob', { enrolment, code: totpAt(uri, now), description: 'phone' })).ok, true)
  const recovery = await service.createRecoveryCodes('bob')
  assert.equal((await service.verify('bob', { type: 'totp', code: totpAt(uri, now) })).ok, false, 'a code counts once')
  assert.equal((await service.verify('bob', { type: 'recovery', code: 'aaaa-bbbb-cccc-dddd' })).ok, false)
  const [code] = recovery.codes ?? recovery
  await service.challenge('bob')
  assert.equal((await service.verify('bob', { type: 'recovery', code })).ok, true)
  assert.equal((await service.verify('bob', { type: 'recovery', code })).ok, false)
}

async function withService(store, work) {
  const service = await Countersign.open({ rp, store })
  try {
    await work(service)
  } finally {
    await service.close()
  }
}

async function inFolder(work) {
  const folder = mkdtempSync(join(tmpdir(), 'countersign-smoke-'))
  try {
    await work(folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function unsupported(work) {
  assert.throws(work, { code: 'not-supported' })
}
