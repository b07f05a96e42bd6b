// The structures of a TPM (TPM 2.0 Library, part 2) and its certificates (8.3.1), written by hand.
import { concat, hash, seeded, u16, u32 } from './bytes.mjs'
import { basicConstraints, certifiedBy, extendedKeyUsage, extension, root } from './certificates.mjs'
import { der, oid, sequence, set, utf8String } from './der.mjs'
import { keyOf } from './keys.mjs'
import { statementOf } from './attested.mjs'

export const SHA1 = 0x04
export const SHA256 = 0x0b
export const SHA384 = 0x0c
export const SHA512 = 0x0d
const NULL = 0x10

const nameHashes = { [SHA1]: 'sha1', [SHA256]: 'sha256', [SHA384]: 'sha384', [SHA512]: 'sha512' }
const signatureHashes = { '-7': 'sha256', '-35': 'sha384', '-257': 'sha256', '-258': 'sha384', '-65535': 'sha1' }
const curves = { '-7': 3, '-35': 4, '-36': 5 }

const sized = (bytes) => concat(u16(bytes.length), bytes)
const words = (...numbers) => concat(...numbers.map(u16))

/** `TPMT_PUBLIC` of a key: each part may be replaced. */
export function publicArea(key, change = {}) {
  const ecc = key.x !== undefined
  const {
    type = ecc ? 0x23 : 0x01,
    nameAlg = SHA256,
    attributes = 0x0006_0472,
    symmetric = words(NULL),
    scheme = words(NULL),
    exponent = 0,
    parameters = ecc ? words(curves[key.alg], NULL) : concat(words(8 * key.n.length), u32(exponent)),
    unique = ecc ? concat(sized(key.x), sized(key.y)) : sized(key.n),
    after = [],
  } = change
  return concat(words(type, nameAlg), u32(attributes), sized(seeded('policy')), symmetric, scheme, parameters, unique, after)
}

/** `TPMS_ATTEST` of a certified key. */
function certifyInfo({ magic = 0xff544347, type = 0x8017, extraData, safe = 1, name, after = [] }) {
  const clock = concat(seeded('clock', 16), [safe])
  return concat(
    u32(magic),
    words(type),
    sized(seeded('signer', 34)),
    sized(extraData),
    clock,
    seeded('firmware', 8),
    sized(name),
    sized(seeded('qualified', 34)),
    after,
  )
}

const attribute = (number, text) => sequence(oid(`2.23.133.2.${number}`), utf8String(text))

/** A directory name of these sets of attributes, as a subject alternative name. */
export const deviceNames = (sets, critical = true) =>
  extension('2.5.29.17', sequence(der(0xa4, sequence(...sets.map((attributes) => set(...attributes))))), critical)

export const device = { manufacturer: 'id:49465800', model: 'SLB9670', version: 'id:0D0B' }
export const attributesOf = ({ manufacturer, model, version }) => [
  ...(manufacturer === undefined ? [] : [attribute(1, manufacturer)]),
  ...(model === undefined ? [] : [attribute(2, model)]),
  ...(version === undefined ? [] : [attribute(3, version)]),
]

/** One set for each attribute, as most makers write them. */
export const separate = (names) => deviceNames(attributesOf(names).map((one) => [one]))

export const aikUsage = extendedKeyUsage('2.23.133.8.3')
export const aikExtensions = [basicConstraints(false), aikUsage, separate(device)]

export const attesting = keyOf(-257, 'third')

/**
 * The statement of a TPM. What may be replaced: `aik`, the key that attests, with its `alg`, `sign(key, bytes, parts)` and
 * `certificate`; parts of the public area and of what is certified, or functions of their bytes; members.
 */
export function tpmStatement({
  aik = attesting,
  alg = aik.alg,
  sign = (key, bytes) => key.sign(bytes),
  certificate = {},
  x5c,
  area = {},
  info = {},
  bendArea = same,
  bendInfo = same,
  members = {},
} = {}) {
  return (parts) => {
    const pubArea = bendArea(publicArea(parts.key, area))
    const { nameAlg = SHA256 } = area
    const honest = {
      extraData: hash(signatureHashes[alg] ?? 'sha256', parts.signed),
      name: concat(u16(nameAlg), hash(nameHashes[nameAlg], pubArea)),
    }
    const certInfo = bendInfo(
      certifyInfo({ ...honest, ...(typeof info === 'function' ? info({ ...honest, ...parts, pubArea }) : info) }),
    )
    const certified = () =>
      certifiedBy(root, { key: aik, subject: [], serial: seeded('aik', 8), extensions: aikExtensions, ...certificate })
    return statementOf('tpm', {
      ver: '2.0',
      alg,
      sig: sign(aik, certInfo, parts),
      x5c: x5c ?? [certified()],
      pubArea,
      certInfo,
      ...members,
    })
  }
}

const same = (value) => value
