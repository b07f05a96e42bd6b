import { randomBytes, sign, webcrypto, createPrivateKey } from 'node:crypto'

import { BasicConstraintsExtension, SubjectAlternativeNameExtension, X509CertificateGenerator } from '@peculiar/x509'

import { Metadata } from '../../index.js'
import type { MetadataOptions } from '../../index.js'

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
const validity = { notBefore: new Date('2020-01-01'), notAfter: new Date('2049-01-01'), signingAlgorithm: algorithm }

/** A model in the metadata. */
export interface ModelEntry {
  aaguid?: string
  attestationCertificateKeyIdentifiers?: string[]
  metadataStatement?: {
    description?: string
    attestationRootCertificates?: string[]
    keyProtection?: string[]
    icon?: string
  }
  statusReports?: { status: string; effectiveDate?: string; certificate?: string }[]
}

/** A metadata service of one's own, with a root and a certificate that signs. */
export class MetadataService {
  private constructor(
    /** DER, for `roots`. */
    readonly root: Uint8Array,
    private readonly leaf: Uint8Array,
    private readonly privateKey: Buffer,
  ) {}

  static async open(name = 'mds.fidoalliance.org'): Promise<MetadataService> {
    const generate = () => webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
    const [roots, leaves] = [await generate(), await generate()]
    const issuer = 'CN=Metadata root'
    const root = await X509CertificateGenerator.create({
      ...validity, subject: issuer, issuer, serialNumber: '01', publicKey: roots.publicKey, signingKey: roots.privateKey,
      extensions: [new BasicConstraintsExtension(true, undefined, true)],
    }, webcrypto as Crypto)
    const leaf = await X509CertificateGenerator.create({
      ...validity, subject: 'CN=Metadata', issuer, serialNumber: '02', publicKey: leaves.publicKey, signingKey: roots.privateKey,
      extensions: [
        new BasicConstraintsExtension(false, undefined, true), new SubjectAlternativeNameExtension([{ type: 'dns', value: name }]),
      ],
    }, webcrypto as Crypto)
    const pkcs8 = await webcrypto.subtle.exportKey('pkcs8', leaves.privateKey)
    return new MetadataService(new Uint8Array(root.rawData), new Uint8Array(leaf.rawData), Buffer.from(pkcs8))
  }

  /** The text of a BLOB. */
  blob(entries: ModelEntry[], { no = 1, nextUpdate = '2999-01-01' } = {}): string {
    return this.signed(JSON.stringify({ legalHeader: 'for tests', no, nextUpdate, entries }))
  }

  signed(payload: string): string {
    const header = { alg: 'ES256', typ: 'JWT', x5c: [Buffer.from(this.leaf).toString('base64')] }
    const message = [JSON.stringify(header), payload].map((part) => Buffer.from(part).toString('base64url')).join('.')
    const key = createPrivateKey({ key: this.privateKey, format: 'der', type: 'pkcs8' })
    return `${message}.${sign('sha256', Buffer.from(message), { key, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`
  }

  metadata(entries: ModelEntry[], { no = 1, nextUpdate = '2999-01-01', ...options }: Numbered = {}): Promise<Metadata> {
    return Metadata.verify(this.blob(entries, { no, nextUpdate }), { roots: [this.root], ...options })
  }
}

type Numbered = MetadataOptions & { no?: number; nextUpdate?: string }

/** A payload as large as FIDO's own: 500 models, with icons that can't be compressed. */
export function largePayload(): string {
  const entries = Array.from({ length: 500 }, (_, index): ModelEntry => ({
    aaguid: `00000000-0000-0000-0000-${String(index + 1).padStart(12, '0')}`,
    metadataStatement: {
      description: `Model ${index}`,
      keyProtection: ['hardware', 'secure_element'],
      attestationRootCertificates: [randomBytes(1200).toString('base64')],
      icon: `data:image/png;base64,${randomBytes(12_000).toString('base64')}`,
    },
    statusReports: [{ status: 'FIDO_CERTIFIED_L1', effectiveDate: '2020-01-01' }],
  }))
  return JSON.stringify({ legalHeader: 'for tests', no: 1, nextUpdate: '2999-01-01', entries })
}
