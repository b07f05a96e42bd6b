// The files of the corpus, as text.
import { attestationAndroidKey } from './topics/attestation-android-key.mjs'
import { attestationApple } from './topics/attestation-apple.mjs'
import { attestationCompound } from './topics/attestation-compound.mjs'
import { attestationFidoU2f } from './topics/attestation-fido-u2f.mjs'
import { attestationNone } from './topics/attestation-none.mjs'
import { attestationPacked } from './topics/attestation-packed.mjs'
import { attestationTpm } from './topics/attestation-tpm.mjs'
import { authenticatorData } from './topics/authenticator-data.mjs'
import { clientData } from './topics/client-data.mjs'
import { publicKey } from './topics/public-key.mjs'
import { response } from './topics/response.mjs'
import { signature } from './topics/signature.mjs'

const topics = [
  clientData,
  authenticatorData,
  publicKey,
  signature,
  response,
  attestationNone,
  attestationPacked,
  attestationFidoU2f,
  attestationApple,
  attestationAndroidKey,
  attestationTpm,
  attestationCompound,
]

/** The text of each file, by its name. */
export function files() {
  return new Map(
    topics.map((make) => {
      const topic = make()
      const cases = topic.cases()
      const head = { $schema: 'schema.json', topic: topic.name, title: topic.title, numberOfCases: cases.length }
      const lines = Object.entries(head).map(([name, value]) => `  ${JSON.stringify(name)}: ${JSON.stringify(value)},\n`)
      const blocks = cases.map((one) => indented(pretty(one), '    '))
      return [`${topic.name}.json`, `{\n${lines.join('')}  "cases": [\n${blocks.join(',\n')}\n  ]\n}\n`]
    }),
  )
}

/** JSON over several lines, but for what fits on one. */
function pretty(value) {
  const line = inline(value)
  if (line.length <= 100 || typeof value !== 'object' || value === null) return line
  const [open, close] = Array.isArray(value) ? '[]' : '{}'
  const parts = Array.isArray(value)
    ? value.map((item) => pretty(item))
    : Object.entries(value).map(([name, item]) => `${JSON.stringify(name)}: ${pretty(item)}`)
  return `${open}\n${parts.map((part) => indented(part, '  ')).join(',\n')}\n${close}`
}

function inline(value) {
  if (Array.isArray(value)) return `[${value.map((item) => inline(item)).join(', ')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const members = Object.entries(value).map(([name, item]) => `${JSON.stringify(name)}: ${inline(item)}`)
  return members.length === 0 ? '{}' : `{ ${members.join(', ')} }`
}

const indented = (text, by) => text.replaceAll(/^/gm, by)
