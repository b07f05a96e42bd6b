// Makes a new bench/fixtures.json: `node bench/make-fixtures.mjs`. Commit it, because instruction counts depend on it.
import { generateKeyPairSync, sign } from 'node:crypto'
import { writeFileSync } from 'node:fs'

import { Countersign } from 'countersign'
import { memoryStore } from 'countersign/stores'
import { TestAuthenticator, totpAt } from 'countersign/testing'
import { authenticationOptions, registrationOptions, verifyRegistration } from 'countersign/webauthn'

const origin = 'https://example.com'
const rp = { id: 'example.com', name: 'Example', origins: [origin] }
const at = Date.UTC(2027, 0, 15, 8)
const algorithms = [-7, -8, -257]
const fixtures = {}

for (const algorithm of ['ES256', 'EdDSA', 'RS256']) {
  const key = new TestAuthenticator({ algorithm })
  const credential = register(key).credential
  const options = authenticationOptions({ rp, allowCredentials: [credential] })
  const response = key.get(options, { origin })
  const { clientDataJSON, authenticatorData, signature, userHandle = '' } = response.response
  const stored = [options.challenge, credential.id, credential.publicKey, '']
  const lines = [...stored, response.id, response.rawId, clientDataJSON, authenticatorData, signature, userHandle]
  fixtures[`authentication-${algorithm.toLowerCase()}`] = crossing({ rp, counter: 'report' }, lines)
  fixtures[`bare-${algorithm.toLowerCase()}`] = bare(algorithm)
}
for (const attestation of ['none', 'packed']) {
  fixtures[`registration-${attestation}`] = register(new TestAuthenticator(), attestation).crossing
}

fixtures.settings = JSON.stringify({
  rp,
  totp: { window: { past: 1, future: 1 }, algorithm: 'SHA1', digits: 6, period: 30 },
  webauthn: {
    userVerification: 'discouraged',
    algorithms: [-8, -7, -257],
    attestation: 'none',
    trustAnchors: [],
    counter: 'refuse',
  },
  recovery: { codes: 10 },
  limits: { totpFailures: 8, failures: 100, lockSeconds: 3600, hardLock: 'hour', factors: 32 },
  timeouts: { signIn: 300, webauthnEnrolment: 300, totpEnrolment: 900 },
})
fixtures.record = await record()
fixtures['record-of-one-app'] = JSON.stringify({ totp: JSON.parse(fixtures.record).totp })
const now = at + 60_000
fixtures['code-totp'] = JSON.stringify({ answer: { type: 'totp', code: '000000' }, now })
fixtures['code-recovery'] = JSON.stringify({ answer: { type: 'recovery', code: '0000-0000-0000-0000' }, now })
fixtures.challenge = JSON.stringify({ user: 'ann', purpose: 'sign-in', enrolled: true, now })

writeFileSync(new URL('fixtures.json', import.meta.url), `${JSON.stringify(fixtures, null, 1)}\n`)

function register(key, attestation = 'none') {
  const asked = attestation === 'none' ? 'none' : 'direct'
  const options = registrationOptions({ rp, user: { name: 'ann', displayName: 'Ann' }, algorithms, attestation: asked })
  const response = key.create(options, { origin, attestation })
  const policy = { rp, algorithms, attestation: asked }
  const verdict = verifyRegistration({ ...policy, challenge: options.challenge, response })
  if (!verdict.ok) throw new Error(verdict.reason)
  const { clientDataJSON, attestationObject, transports } = response.response
  const lines = [options.challenge, '', response.id, response.rawId, clientDataJSON, attestationObject]
  const rest = [transports.map((transport) => `${transport},`).join(''), JSON.stringify(response.clientExtensionResults)]
  return { credential: verdict.credential, crossing: crossing(policy, [...lines, ...rest]) }
}

/** What is passed to Rust for one response: the policy, which is read once, and the lines of each call. */
function crossing(policy, lines) {
  return { policy: JSON.stringify(policy), texts: lines.join('\n') }
}

/** The key's numbers, a message of the length of an assertion's, and its signature. */
function bare(algorithm) {
  const kinds = { ES256: ['ec', { namedCurve: 'P-256' }], EdDSA: ['ed25519'], RS256: ['rsa', { modulusLength: 2048 }] }
  const { publicKey, privateKey } = generateKeyPairSync(...kinds[algorithm])
  const message = Buffer.alloc(37 + 32, 7)
  const { x, y, n, e } = publicKey.export({ format: 'jwk' })
  const signature = sign(algorithm === 'EdDSA' ? null : 'sha256', message, privateKey).toString('base64url')
  return { x, y, n, e, message: message.toString('base64url'), signature }
}

/** A user with a phone, a key and recovery codes. */
async function record() {
  const store = memoryStore()
  const service = await Countersign.open({ rp, store, now: () => at })
  const { enrolment, uri } = await service.beginTotp('ann', { account: 'ann' })
  await service.finishTotp('ann', { enrolment, code: totpAt(uri, at), description: 'phone' })
  const creation = await service.beginWebauthn('ann', { name: 'ann', displayName: 'Ann' })
  const response = new TestAuthenticator().create(creation, { origin })
  await service.finishWebauthn('ann', { response, description: 'key' })
  await service.createRecoveryCodes('ann')
  return store.read('ann')
}
