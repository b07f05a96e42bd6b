import { asking, formatCases, notAsking, statementOf } from '../attested.mjs'
import { flipped } from '../bytes.mjs'
import { textMap } from '../cbor.mjs'
import { root, stranger } from '../certificates.mjs'
import { tpmStatement } from '../tpm.mjs'
import { acceptable, invalid, Topic, valid } from '../topic.mjs'
import { appleStatement } from './attestation-apple.mjs'
import { u2fStatement } from './attestation-fido-u2f.mjs'
import { certifiedStatement, selfStatement } from './attestation-packed.mjs'

/** A statement of statements, each made of the same ceremony. */
const compound =
  (...makers) =>
  (parts) => ({ fmt: 'compound', attStmt: makers.map((make) => textMap(make(parts))) })

const packed = certifiedStatement(root)
const broken = (make) => (parts) => {
  const { fmt, attStmt } = make(parts)
  return { fmt, attStmt: new Map([...attStmt, ['sig', flipped(attStmt.get('sig'))]]) }
}

export function attestationCompound() {
  const topic = new Topic('attestation-compound', 'The format compound (8.9): several statements about one key')
  const { add } = formatCases(topic, 'compound', '8.9')
  const wrong = (comment) => invalid(22, 'attestation-invalid', comment)
  const statement = (name, about, make, more) => add(name, about, { statement: make, expected: asking(), ...more })
  const trusted = (name, comment, ...makers) => statement(name, valid(24, comment), compound(...makers))
  trusted('packed-and-u2f', 'packed and fido-u2f, both by trusted authorities', packed, u2fStatement)
  trusted('packed-and-tpm', 'packed and tpm', packed, tpmStatement())
  trusted('packed-and-apple', 'packed and apple', packed, appleStatement)
  trusted('packed-twice', 'packed twice', packed, packed)
  trusted('four', 'Four statements', packed, tpmStatement(), u2fStatement, appleStatement)
  statement('not-asked-for', valid(22, 'packed and tpm, where nothing was asked for'), compound(packed, tpmStatement()), {
    expected: notAsking,
  })
  statement(
    'self-not-asked-for',
    valid(22, 'Self attestation and packed, where nothing was asked for'),
    compound(selfStatement, packed),
    { expected: notAsking },
  )
  const some = (reason, comment) =>
    acceptable(24, reason, `${comment}: how many have to be right is a decision of the relying party`)
  statement('first-wrong', some('attestation-invalid', 'The first of two is wrong'), compound(broken(packed), u2fStatement))
  statement('second-wrong', some('attestation-invalid', 'The second of two is wrong'), compound(packed, broken(u2fStatement)))
  statement(
    'one-untrusted',
    some('attestation-untrusted', 'One of two is by an authority that is not trusted'),
    compound(packed, certifiedStatement(stranger)),
  )
  statement('with-self', some('attestation-untrusted', 'One of two is self attestation'), compound(packed, selfStatement))
  statement(
    'with-none',
    some('attestation-unsupported', 'One of two is none'),
    compound(packed, () => statementOf('none', {})),
  )
  statement(
    'with-unknown',
    some('attestation-unsupported', 'One of two is of a format that nobody knows'),
    compound(packed, () => statementOf('example-unknown', {})),
  )
  statement('both-wrong', wrong('Both are wrong'), compound(broken(packed), broken(u2fStatement)))
  statement(
    'both-untrusted',
    invalid(24, 'attestation-untrusted', 'Both are by an authority that is not trusted'),
    compound(certifiedStatement(stranger), certifiedStatement(stranger)),
  )
  statement('empty', wrong('No statement'), compound())
  statement('one', wrong('One statement: the syntax demands two'), compound(packed))
  statement('nested', wrong('A compound statement in a compound one'), compound(packed, compound(packed, u2fStatement)))
  statement('map', invalid(22, 'malformed', 'A map in place of the list'), (parts) => ({
    fmt: 'compound',
    attStmt: textMap({ first: textMap(packed(parts)) }),
  }))
  statement('empty-map', invalid(22, 'malformed', 'An empty map in place of the list'), () => ({
    fmt: 'compound',
    attStmt: new Map(),
  }))
  const items = (name, comment, item) =>
    statement(name, wrong(comment), (parts) => ({
      fmt: 'compound',
      attStmt: [textMap(packed(parts)), item(textMap(u2fStatement(parts)))],
    }))
  items('item-null', 'A statement that is null', () => null)
  items('item-text', 'A text in place of a statement', () => 'fido-u2f')
  items('item-without-format', 'A statement without its format', (item) => new Map([['attStmt', item.get('attStmt')]]))
  items('item-without-statement', 'A format without its statement', (item) => new Map([['fmt', item.get('fmt')]]))
  items('item-other-format', 'The format of another statement', (item) => new Map([...item, ['fmt', 'packed']]))
  statement('list-as-packed', invalid(22, 'malformed', 'The list of statements under the name of packed'), (parts) => ({
    ...compound(packed, u2fStatement)(parts),
    fmt: 'packed',
  }))
  return topic
}
