import { eventTypes } from '../service/event.js'

/** A JSON Schema (2020-12), as OpenAPI 3.1 takes it. */
export type Schema = Record<string, unknown>

export type SchemaName = keyof typeof schemas

const string = { type: 'string' }
const integer = { type: 'integer' }
const boolean = { type: 'boolean' }
const bytes = { type: 'string', description: 'Bytes in base64url, without padding.', pattern: '^[\\w-]*$' }
const time = { type: 'integer', description: 'Epoch milliseconds.' }
const factorType = { enum: ['totp', 'webauthn', 'u2f', 'recovery', 'yubico'] }
const typedFactorTypes = { type: 'array', items: { enum: ['totp', 'recovery', 'yubico'] } }

/** How locks end: of a challenge, a status, and the problem `locked`. */
export const unlocking = {
  lockedUntil: {
    type: ['integer', 'null'],
    description: 'When the first of the locked types is accepted again by itself, epoch milliseconds; null: none ever is.',
  },
  unlockedBy: { type: 'array', items: factorType, description: 'The types whose success lifts the locks.' },
}

const extensions = { type: 'object', description: 'WebAuthn Level 3, section 9.' }
const credentials = {
  type: 'array',
  items: object({ type: { const: 'public-key' }, id: bytes }, { transports: list(string) }),
}

/** An object with these members; servers of a later version may say more. */
export function object(required: Schema, optional: Schema = {}, more: Schema = {}): Schema {
  return { type: 'object', properties: { ...required, ...optional }, required: Object.keys(required), ...more }
}

export function list(items: Schema): Schema {
  return { type: 'array', items }
}

export function ref(name: SchemaName): Schema {
  return { $ref: `#/components/schemas/${name}` }
}

const ok = { const: true }
// Only inside this table, whose type would otherwise depend on itself.
const factor = { $ref: '#/components/schemas/Factor' }
const signals = { $ref: '#/components/schemas/Signals' }

/** How well a verification was proved. */
const assurance = {
  ...object({
    amr: { ...list(string), description: 'The methods, as RFC 8176 names them.' },
    level: { enum: [1, 2, 3] },
    phishingResistant: boolean,
    userVerified: boolean,
    deviceBound: boolean,
    hardwareBound: boolean,
    at: time,
  }),
  description: 'How well the last verification was proved.',
}

const proofs = object({}, { phishingResistant: boolean, userVerified: boolean, deviceBound: boolean, hardwareBound: boolean })

const enrolmentRequired = {
  const: true, description: 'The sign-in is still pending: a factor that is required has to be enrolled now.',
}

/** What the handler requires of answers. */
export const requirement: Schema = {
  ...proofs,
  description: 'What every answer of this user has to prove. Absent: nothing. Codes, recovery codes and remembered browsers prove none of it.',
}

/** Where the user stands against the policy of the service. */
const duty = {
  require: { ...proofs, description: 'What a factor has to be able to prove. Empty: any factor will do, but no recovery code.' },
  by: { ...time, description: 'Until when, epoch milliseconds.' },
}
const enforcement = {
  ...object(
    {
      state: { enum: ['none', 'grace', 'expiring', 'required'] },
      reminders: list({ enum: ['few-codes', 'one-method', 'synced-only'] }),
    },
    duty,
  ),
  description:
    'What is missing, and until when, if the service has a policy. `none`: nothing is. `grace`: there is time until `by`. ' +
    '`expiring`: that is within 7 days. `required`: it is over, and the page should offer nothing but to enrol.',
}

export const schemas = {
  SessionState: {
    oneOf: [
      object({ state: { const: 'none' }, passkeys: boolean }),
      object({ state: { const: 'pending' }, passkeys: boolean, yubico: boolean, mayEnrol: boolean }, { answered: ok, require: requirement, remember: ok, enforcement }),
      object({
        state: { const: 'verified' }, passkeys: boolean, yubico: boolean, fresh: boolean, mayEnrol: boolean, admin: boolean,
      }, { assurance, require: requirement, remember: ok, activity: ok, enforcement }),
    ],
    description:
      'The state of the session. `pending`: the second factor is still missing. `mayEnrol`: may enrol now. ' +
      '`fresh`: factors may be changed without a step-up. `passkeys`: they sign in here without a user name. ' +
      '`yubico`: Yubico keys can be enrolled. `answered`: the answer was right, and what `enforcement` requires has to be enrolled. `require`: what an answer has to prove. `remember`: this browser may be remembered. ' +
      '`activity`: there is a log of what happened to the account.',
  },
  Challenge: object(
    { id: string },
    {
      totp: ok,
      webauthn: { $ref: '#/components/schemas/RequestOptions' },
      recovery: object({ left: integer }),
      u2f: object({
        challenge: object({ challenge: bytes, appId: string, version: string }),
        keys: list(object({ keyHandle: bytes, version: string })),
      }),
      yubico: ok,
      locked: typedFactorTypes,
      ...unlocking,
    },
    { description: 'Each member is one way to answer. Without any of them, no factor can be used now.' },
  ),
  Accepted: object(
    {
      ok,
      factor: {
        ...object({ id: string, type: factorType }, { description: string }),
        type: ['object', 'null'],
        description: 'The factor that answered; null if the user has none and needs none.',
      },
      assurance,
    },
    {
      userVerified: boolean,
      recoveryCodesLeft: integer,
      counter: { const: 'not-increased' },
      enrolmentRequired,
      removed: { ...list(factor), description: 'The lost factors that were removed.' },
      signals,
    },
  ),
  Factor: object(
    { id: string, type: { enum: [...factorType.enum, 'unknown'] }, description: string, created: time, enabled: boolean },
    {
      unusable: { const: true, description: "It can't be read or used, only removed." },
      lastUsed: time,
      added: { ...time, description: 'When an import brought it in; `created` is the date of the other system then.' },
      credentialId: bytes,
      algorithm: { type: 'integer', description: 'A COSE number.' },
      aaguid: string,
      model: object({ name: string }),
      transports: list(string),
      backupEligible: boolean,
      backupState: boolean,
      left: { type: 'integer', description: 'The number of unused recovery codes.' },
    },
  ),
  Status: object(
    { enrolled: boolean, locked: typedFactorTypes, recoveryCodesLeft: { type: ['integer', 'null'] },
      totpFailures: integer, yubicoFailures: integer, failures: integer },
    {
      ...unlocking,
      removed: object(
        { at: time, enrolmentRequired: boolean },
        { by: { type: 'string', description: 'Who removed it. For administrators only.' } },
        { description: 'How the last factor was removed, if it was, and no factor was enrolled since.' },
      ),
      deadlines: list(object(duty, {}, { description: 'A stored deadline.' })),
      drift: {
        type: 'integer',
        description: 'For administrators only: the last wrong TOTP code would have been right this many steps later.',
      },
    },
  ),
  TotpEnrolment: object({ enrolment: string, uri: string, secret: string, qr: string }, {}, {
    description: 'Secret: show it to the user only. `qr` is SVG text, `secret` base32, `uri` the `otpauth:` form.',
  }),
  CreationOptions: object(
    {
      rp: object({ name: string }, { id: string }),
      user: object({ id: bytes, name: string, displayName: string }),
      challenge: bytes,
      pubKeyCredParams: list(object({ type: { const: 'public-key' }, alg: integer })),
    },
    {
      timeout: integer,
      excludeCredentials: credentials,
      authenticatorSelection: { type: 'object' },
      hints: list(string),
      attestation: string,
      attestationFormats: list(string),
      extensions,
    },
    { description: '`PublicKeyCredentialCreationOptionsJSON` of WebAuthn Level 3, section 5.4.' },
  ),
  RequestOptions: object(
    { challenge: bytes },
    {
      timeout: integer,
      rpId: string,
      allowCredentials: credentials,
      userVerification: string,
      hints: list(string),
      extensions,
    },
    { description: '`PublicKeyCredentialRequestOptionsJSON` of WebAuthn Level 3, section 5.5.' },
  ),
  Enrolled: object({ ok, factor }),
  Updated: object({ ok, factor }, { signals }),
  Removed: object({ ok, left: { ...list(factor), description: 'Empty if the user has no second factor any more.' } }, { signals }),
  Reset: object({ ok, removed: list(factor), left: list(factor), recoveryCodesLeft: integer, assurance }, { enrolmentRequired, signals }),
  Signals: object(
    { rpId: string, userId: bytes, allAcceptedCredentialIds: list(bytes), name: string, displayName: string },
    {},
    { description: 'For the Signal API of the browser (WebAuthn Level 3, 5.1.10), once factors have changed.' },
  ),
  Browser: object(
    {
      id: string,
      label: { type: 'string', description: 'Such as `Firefox on Linux`; empty if it said nothing of itself.' },
      created: time,
      lastUsed: time,
      expires: time,
    },
    { current: { const: true, description: 'The one that asks.' } },
    { description: 'A remembered browser. In it, the password alone signs in.' },
  ),
  Reported: {
    oneOf: [
      object(
        { user: string, state: { enum: ['grace', 'expiring', 'required'] }, ...duty, factors: list({ enum: [...factorType.enum, 'unknown'] }) },
        {},
        { description: 'A user to whom something is missing. `factors` is empty for one without a record.' },
      ),
      object(
        { user: string, state: { const: 'failed' }, reason: string },
        {},
        { description: 'A user whose record can’t be read. `reason` is the code of the error.' },
      ),
    ],
  },
  Activity: object(
    { type: { enum: eventTypes.filter((type) => type !== 'warning') }, at: time },
    {
      factor: { enum: [...factorType.enum, 'unknown'], description: 'The type of the factor.' },
      from: { type: 'string', description: 'Where it came from.' },
    },
    { description: 'An event of the account.' },
  ),
  PasskeyChallenge: object(
    { id: string, webauthn: { $ref: '#/components/schemas/RequestOptions' } },
    {},
    { description: 'A challenge that any passkey of this site can answer.' },
  ),
} satisfies Record<string, Schema>
