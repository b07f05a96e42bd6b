import { createHash, createPrivateKey, sign, webcrypto } from 'node:crypto'

import { BasicConstraintsExtension, X509CertificateGenerator } from '@peculiar/x509'

import { encodeCbor } from '../../facade/testing/cbor.js'
import type { TestAuthenticator } from '../../facade/testing/test-authenticator.js'
import type { PublicKeyCredentialCreationOptionsJSON, RegistrationResponseJSON } from '../../index.js'

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
const validity = { notBefore: new Date('2020-01-01'), notAfter: new Date('2049-01-01'), signingAlgorithm: algorithm }
const issuer = 'C=SE, O=Maker, CN=Maker root'

/** A maker of security keys, with a certificate for a model of them (WebAuthn Level 3, 8.2.1). */
export class Maker {
  private constructor(
    /** DER, for `trustAnchors`. */
    readonly root: Uint8Array,
    private readonly certificate: Uint8Array,
    private readonly privateKey: Buffer,
  ) {}

  static async open(): Promise<Maker> {
    const generate = () => webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
    const [roots, models] = [await generate(), await generate()]
    const certify = (subject: string, serialNumber: string, { publicKey }: typeof roots, ca: boolean) =>
      X509CertificateGenerator.create({
        ...validity, subject, issuer, serialNumber, publicKey, signingKey: roots.privateKey,
        extensions: [new BasicConstraintsExtension(ca, undefined, true)],
      }, webcrypto as Crypto)
    const root = await certify(issuer, '01', roots, true)
    const model = await certify('C=SE, O=Maker, OU=Authenticator Attestation, CN=Model 1', '02', models, false)
    const pkcs8 = await webcrypto.subtle.exportKey('pkcs8', models.privateKey)
    return new Maker(new Uint8Array(root.rawData), new Uint8Array(model.rawData), Buffer.from(pkcs8))
  }

  /** Registers `key` with a `packed` statement of the model. */
  create(key: TestAuthenticator, options: PublicKeyCredentialCreationOptionsJSON, origin: string): RegistrationResponseJSON {
    const made = key.create(options, { origin })
    const object = Buffer.from(made.response.attestationObject, 'base64url')
    // The last member, after a head of two or three bytes.
    const head = object.indexOf('authData') + 'authData'.length
    const authData = object.subarray(head + (object[head] === 0x58 ? 2 : 3))
    const clientDataHash = createHash('sha256').update(made.response.clientDataJSON, 'base64url').digest()
    const signer = createPrivateKey({ key: this.privateKey, format: 'der', type: 'pkcs8' })
    const sig = sign('sha256', Buffer.concat([authData, clientDataHash]), signer)
    const listOfOne = Buffer.concat([Buffer.of(0x81), encodeCbor(this.certificate)])
    const statement = [mapOf(3), ...pairs({ alg: -7, sig }), encodeCbor('x5c'), listOfOne]
    const attestationObject = Buffer.concat([
      mapOf(3), ...pairs({ fmt: 'packed' }), encodeCbor('attStmt'), ...statement, ...pairs({ authData }),
    ])
    return { ...made, response: { ...made.response, attestationObject: attestationObject.toString('base64url') } }
  }
}

const mapOf = (size: number) => Buffer.of(0xa0 | size)

const pairs = (members: Record<string, number | string | Uint8Array>) =>
  Object.entries(members).flatMap(([name, value]) => [encodeCbor(name), encodeCbor(value)])
