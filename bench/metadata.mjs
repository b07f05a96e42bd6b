// What it costs to read FIDO's metadata: a BLOB as large as FIDO's, half of it icons, verified off the thread, against JSON.parse
// of the same bytes.
import { randomBytes, webcrypto } from 'node:crypto'

import { BasicConstraintsExtension, X509CertificateGenerator } from '@peculiar/x509'
import { Metadata } from 'countersign'

import { interleave } from './lib/interleave.mjs'

const rsa = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256', modulusLength: 2048, publicExponent: Uint8Array.of(1, 0, 1) }

export async function metadata({ models = 350, ...options }) {
  const { blob, root } = await signed(payload(models))
  const verify = () => Metadata.verify(blob, { roots: [root], anySigner: true })
  const found = await verify()
  if (found.size !== models) throw new Error('not the models that were written')
  const bytes = Buffer.from(blob.toString('latin1').split('.')[1], 'base64url')
  const text = bytes.toString()
  const times = await interleave(
    {
      'Metadata.verify': verify,
      'decoding and JSON.parse': () => JSON.parse(Buffer.from(blob.toString('latin1').split('.')[1], 'base64url').toString()),
      'JSON.parse of the bytes': () => JSON.parse(bytes.toString()),
      'JSON.parse of the text': () => JSON.parse(text),
    },
    options,
  )
  return { bytes: blob.length, times }
}

/** About 26 kB an entry, as in FIDO's. */
function payload(models) {
  const entries = Array.from({ length: models }, (_, index) => ({
    aaguid: `00000000-0000-0000-0000-${String(index + 1).padStart(12, '0')}`,
    metadataStatement: {
      legalHeader: 'x'.repeat(400),
      description: `Model ${index}`,
      protocolFamily: 'fido2',
      keyProtection: ['hardware', 'secure_element'],
      userVerificationDetails: Array.from({ length: 40 }, (_, one) => [{ userVerificationMethod: `presence_internal_${one}`, caDesc: { base: 64, minLength: 4 } }]),
      attestationRootCertificates: [randomBytes(1200).toString('base64'), randomBytes(1200).toString('base64')],
      icon: `data:image/png;base64,${randomBytes(9_500).toString('base64')}`,
    },
    statusReports: [{ status: 'FIDO_CERTIFIED_L1', effectiveDate: '2020-01-01' }, { status: 'UPDATE_AVAILABLE', effectiveDate: '2021-01-01' }],
    timeOfLastStatusChange: '2021-01-01',
  }))
  return JSON.stringify({ legalHeader: 'for the benchmark', no: 1, nextUpdate: '2999-01-01', entries })
}

async function signed(text) {
  const keys = await webcrypto.subtle.generateKey(rsa, true, ['sign', 'verify'])
  const certificate = await X509CertificateGenerator.createSelfSigned({
    name: 'CN=Benchmark', serialNumber: '01', keys, signingAlgorithm: rsa, notBefore: new Date('2020-01-01'), notAfter: new Date('2049-01-01'),
    extensions: [new BasicConstraintsExtension(true, undefined, true)],
  }, webcrypto)
  const root = Buffer.from(certificate.rawData)
  const encode = (part) => Buffer.from(part).toString('base64url')
  const message = `${encode(JSON.stringify({ alg: 'RS256', typ: 'JWT', x5c: [root.toString('base64')] }))}.${encode(text)}`
  const sig = await webcrypto.subtle.sign(rsa.name, keys.privateKey, Buffer.from(message))
  return { blob: Buffer.from(`${message}.${encode(new Uint8Array(sig))}`), root }
}
