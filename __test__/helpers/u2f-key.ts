import { createHash, generateKeyPairSync, randomBytes, sign } from 'node:crypto'

import type { Base64URLString, PublicKeyCredentialRequestOptionsJSON, Store, U2fChallenge } from '../../index.js'

export const appId = 'https://example.com/u2f.json'

/** A U2F key that was registered in an older system, and the clients that speak for it. */
export class U2fKey {
  readonly handle: Base64URLString = randomBytes(64).toString('base64url')
  readonly #pair = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  counter = 0

  /** As a record holds it. */
  get entry(): object {
    const { x = '', y = '' } = this.#pair.publicKey.export({ format: 'jwk' })
    const point = Buffer.concat([Buffer.of(4), Buffer.from(x, 'base64url'), Buffer.from(y, 'base64url')])
    return { key: { keyHandle: this.handle, version: 'U2F_V2' }, 'public-key': point.toString('base64') }
  }

  /** PKCS #8. */
  get privateKey(): Buffer {
    return this.#pair.privateKey.export({ format: 'der', type: 'pkcs8' })
  }

  /** Puts it into a record of its own. */
  async seed(store: Store, user: string): Promise<void> {
    const id = '0b0c2f3a-0000-4000-8000-000000000001'
    const record = JSON.stringify({ u2f: [{ id, description: 'old', created: 1_636_400_000, entry: this.entry }] })
    await store.update(user, () => ({ record, value: undefined }))
  }

  /** FIDO U2F Raw Message Formats, 5.4, in the browser API's JSON. */
  sign({ challenge }: U2fChallenge, origin: string, presence = 1) {
    const clientData = JSON.stringify({ typ: 'navigator.id.getAssertion', challenge: challenge.challenge, origin })
    const { data, signature } = this.#sign(challenge.appId, presence, clientData)
    return {
      keyHandle: this.handle,
      clientData: Buffer.from(clientData).toString('base64url'),
      signatureData: Buffer.concat([data.subarray(32), signature]).toString('base64url'),
    }
  }

  /** WebAuthn Level 3, 10.1.1: what a browser makes of it by the `appid` extension. */
  assert(options: PublicKeyCredentialRequestOptionsJSON, origin: string) {
    const offered = options.allowCredentials?.some(({ id }) => id === this.handle)
    if (!offered || typeof options.extensions?.appid !== 'string') throw new Error('not asked for')
    const { challenge } = options
    const clientData = JSON.stringify({ type: 'webauthn.get', challenge, origin, crossOrigin: false })
    const { data, signature } = this.#sign(options.extensions.appid, 1, clientData)
    return {
      id: this.handle,
      rawId: this.handle,
      type: 'public-key',
      clientExtensionResults: { appid: true },
      response: {
        clientDataJSON: Buffer.from(clientData).toString('base64url'),
        authenticatorData: data.toString('base64url'),
        signature: signature.toString('base64url'),
      },
    }
  }

  /** Both protocols sign the same: application, presence, counter, client data. */
  #sign(application: string, presence: number, clientData: string) {
    const counter = Buffer.alloc(4)
    counter.writeUInt32BE(++this.counter)
    const data = Buffer.concat([sha256(application), Buffer.of(presence), counter])
    return { data, signature: sign('sha256', Buffer.concat([data, sha256(clientData)]), this.#pair.privateKey) }
  }
}

function sha256(data: string): Buffer {
  return createHash('sha256').update(data).digest()
}
