// What the topics of attestation share: statements with certificates, and what a relying party that asks for them expects.
import { base64url } from './bytes.mjs'
import { textMap } from './cbor.mjs'
import { root } from './certificates.mjs'

/** Attestation is asked for, and these authorities are trusted. */
export const asking = (...anchors) => ({
  attestation: 'direct',
  trustAnchors: (anchors.length > 0 ? anchors : [root]).map((anchor) => base64url(anchor.certificate ?? anchor)),
})

/** Nothing is asked for: a statement is verified all the same. */
export const notAsking = { attestation: 'none', trustAnchors: [] }

/** A statement, without the members that are undefined. */
export const statementOf = (fmt, members) => ({ fmt, attStmt: textMap(members) })

/** The cases of one format: their flags, and the section that has its procedure. */
export function formatCases(topic, format, section) {
  const add = (name, about, options) =>
    topic.add(
      'create',
      name,
      { ...about, flags: [...(about.flags ?? []), `format:${format}`], sections: [section, ...(about.sections ?? [])] },
      options,
    )
  return { add }
}
