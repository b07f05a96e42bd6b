import { seeded } from '../bytes.mjs'
import { textMap } from '../cbor.mjs'
import { keyOf } from '../keys.mjs'
import { asking, statementOf } from '../attested.mjs'
import { acceptable, invalid, Topic, valid } from '../topic.mjs'

export function attestationNone() {
  const topic = new Topic('attestation-none', 'The format none (8.7), and formats that nobody knows')
  const add = (name, about, options) =>
    topic.add('create', name, { ...about, sections: ['8.7', ...(about.sections ?? [])], flags: ['format:none'] }, options)
  const none = (members) => () => statementOf('none', members)
  add('none', valid(22, 'No attestation, and none was asked for'), {})
  add(
    'none-asked-for',
    acceptable(24, 'attestation-unsupported', 'No attestation, where it was asked for: a decision of the relying party'),
    { expected: asking() },
  )
  const filled = (comment) => invalid(22, 'attestation-invalid', `${comment}: the statement of this format is an empty map`)
  add('none-with-signature', filled('A signature in the statement'), {
    statement: none({ alg: -7, sig: seeded('no signature', 70) }),
  })
  add('none-with-member', filled('An unknown member in the statement'), { statement: none({ unknown: 1 }) })
  add('none-with-certificates', filled('Certificates in the statement'), { statement: none({ x5c: [] }) })
  const unknown = (comment) => acceptable(21, 'attestation-unsupported', `${comment}. No attestation was asked for`)
  add('unknown-format', unknown('A format that nobody knows'), {
    statement: () => ({ fmt: 'example-unknown', attStmt: new Map() }),
  })
  add(
    'unknown-format-asked-for',
    invalid(21, 'attestation-unsupported', 'A format that nobody knows, where attestation was asked for'),
    {
      statement: () => ({ fmt: 'example-unknown', attStmt: new Map() }),
      expected: asking(),
    },
  )
  add('upper-case', unknown('The name of the format is compared exactly'), {
    statement: () => ({ fmt: 'None', attStmt: new Map() }),
  })
  add('empty-format', unknown('An empty name'), { statement: () => ({ fmt: '', attStmt: new Map() }) })
  add('format-with-zero', unknown('A zero character after the name'), {
    statement: () => ({ fmt: 'none\0', attStmt: new Map() }),
  })
  add('packed-in-upper-case', unknown('The name of a known format in upper case, with a statement that is right'), {
    statement: ({ signed }) => ({ fmt: 'PACKED', attStmt: textMap({ alg: -7, sig: keyOf(-7).sign(signed) }) }),
  })
  return topic
}
