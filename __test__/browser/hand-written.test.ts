// A page that was written by hand before libraries were: it encodes what the browser gives with `btoa`.
import { VirtualKey, passkeyDevice } from './authenticator.js'
import type { Person } from './person.js'
import { scenes } from './scene.js'

const scene = scenes()

/** What such a page defines once: options out of JSON, and responses into it. */
function oldPage(): void {
  type Json = Record<string, any>
  const bytes = (text: string): Uint8Array<ArrayBuffer> => {
    const binary = atob(text.replace(/-/g, '+').replace(/_/g, '/'))
    return Uint8Array.from(binary, (character) => character.charCodeAt(0))
  }
  // The standard alphabet, with padding.
  const text = (buffer: ArrayBuffer): string => btoa(String.fromCharCode(...new Uint8Array(buffer)))
  const post = async (path: string, body: Json): Promise<Json> => {
    const headers = { 'Content-Type': 'application/json' }
    const response = await fetch(`/countersign${path}`, { method: 'POST', headers, body: JSON.stringify(body) })
    return { status: response.status, ...(await response.json()) }
  }
  const withBytes = (list: Json[] = []) => list.map((one) => ({ ...one, id: bytes(one.id) }))

  async function register(use: string, description: string): Promise<Json> {
    const options = await post('/factors/webauthn', { use })
    options.challenge = bytes(options.challenge)
    options.user.id = bytes(options.user.id)
    options.excludeCredentials = withBytes(options.excludeCredentials)
    const credential = (await navigator.credentials.create({ publicKey: options as never })) as PublicKeyCredential
    const made = credential.response as AuthenticatorAttestationResponse
    const response = {
      id: credential.id,
      rawId: text(credential.rawId),
      type: credential.type,
      response: { attestationObject: text(made.attestationObject), clientDataJSON: text(made.clientDataJSON) },
    }
    return { sent: response, ...(await post('/factors/webauthn/finish', { response, description })) }
  }

  async function signIn(passkey: boolean): Promise<Json> {
    const begun = await post(passkey ? '/passkey/challenge' : '/challenge', {})
    const options = passkey ? begun.webauthn : begun.challenge.webauthn
    options.challenge = bytes(options.challenge)
    options.allowCredentials = withBytes(options.allowCredentials)
    const credential = (await navigator.credentials.get({ publicKey: options })) as PublicKeyCredential
    const made = credential.response as AuthenticatorAssertionResponse
    const response = {
      id: credential.id,
      rawId: text(credential.rawId),
      type: credential.type,
      response: {
        authenticatorData: text(made.authenticatorData),
        clientDataJSON: text(made.clientDataJSON),
        signature: text(made.signature),
        userHandle: made.userHandle ? text(made.userHandle) : null,
      },
    }
    return { sent: response, ...(await post(passkey ? '/passkey/verify' : '/verify', { answer: { type: 'webauthn', response } })) }
  }

  Object.assign(globalThis, { register, signIn })
  // The elements of this page would wait in the autofill, and a browser runs one ceremony at a time.
  PublicKeyCredential.isConditionalMediationAvailable = async () => false
}

const run = async ({ page }: Person, call: string): Promise<any> => {
  const { sent, ...answer } = await page.evaluate<any>(call)
  // Else nothing here would tell the two alphabets apart.
  if (!/[+/=]/.test(JSON.stringify([sent.rawId, sent.response]))) throw new Error('no standard base64 was sent')
  return answer
}

scene('an old page’s own code registers a key and signs in with it', async ({ t, ann }) => {
  await VirtualKey.plugIn(ann.page)
  t.like(await run(ann, "register('second-factor', 'One')"), { status: 200, ok: true, factor: { description: 'One' } })
  await ann.returnWithPassword()
  t.like(await run(ann, 'signIn(false)'), { status: 200, ok: true, factor: { type: 'webauthn', description: 'One' } })
  await ann.page.reload()
  await ann.signedIn()
}, { before: oldPage })

scene('and a passkey, whose user handle it sends back', async ({ t, ann }) => {
  await VirtualKey.plugIn(ann.page, passkeyDevice)
  t.like(await run(ann, "register('passkey', 'Mine')"), { status: 200, ok: true })
  await ann.signOut()
  t.like(await run(ann, 'signIn(true)'), { status: 200, ok: true, factor: { description: 'Mine' }, userVerified: true })
  await ann.page.reload()
  await ann.signedIn()
}, { before: oldPage })
