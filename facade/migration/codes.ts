import { own } from '../shared/check.js'
import { boolean, fromJson, integer, isRow, plainName } from './values.js'

// What a row says its codes are like, however it names that. What is overlooked here makes codes that nobody's app shows.

interface Said {
  /** Without the words that only say what it is about: `totpPeriod` is `period`. */
  name: string
  /** Whether such a word was there. */
  isOfCodes: boolean
  value: unknown
}

function said(layers: object[]): Said[] {
  return layers
    .flatMap((layer) => Object.keys(layer).map((key) => ({ ...bare(plainName(key)), value: own(layer, key) })))
    .filter(({ value }) => value !== null && value !== undefined)
}

function bare(key: string): { name: string; isOfCodes: boolean } {
  const subject = subjects.find((one) => key.startsWith(one) && key.length > one.length)
  return subject === undefined ? { name: key, isOfCodes: false } : { name: bare(key.slice(subject.length)).name, isOfCodes: true }
}

/** The longest first. */
const subjects = ['authenticator', 'google2fa', 'twofactor', 'passcode', 'twofa', 'token', 'totp', 'code', '2fa', 'mfa', 'otp', 'tfa']

/** Of which kind the codes are, if that is one that can't be taken. */
export function otherKind(layers: object[]): 'hotp' | 'unsupported-encoder' | 'unsupported-type' | { malformed: 'type' } | undefined {
  const all = said(layers)
  const kinds = all.filter(({ name }) => kindNames.has(name)).map(({ value }) => value)
  const words = kinds.filter((one) => typeof one === 'string').map((one) => plainName(one).replaceAll(/[^\da-z]/g, ''))
  if (words.some((word) => word.includes('steam')) || all.some(({ name, value }) => name === 'encoder' && isText(value))) return 'unsupported-encoder'
  const says = (is: boolean, ...wanted: string[]) => all.some(({ name, value }) => wanted.includes(name) && boolean(value) === is)
  if (words.some((word) => word.includes('hotp') || counting.has(word)) || says(true, 'hotp', 'ishotp', 'counterbased', 'eventbased')) return 'hotp'
  if (says(false, 'timebased', 'istimebased')) return 'hotp'
  if (words.some((word) => others.has(word) || starts.some((start) => word.startsWith(start)))) return 'unsupported-type'
  // Programs count the kinds in orders of their own.
  if (all.some(({ name, value }) => isNumbered.has(name) && integer(value, 0xffff_ffff) !== undefined)) return { malformed: 'type' }
  const isTimed = words.some((word) => word.includes('totp'))
  // A HOTP object has a counter where a TOTP object has a period.
  if (!isTimed && all.some(({ name }) => counters.has(name)) && periods(layers).named.length === 0) return 'hotp'
  return undefined
}

const isText = (value: unknown): value is string => typeof value === 'string' && value.trim() !== ''

const kindNames = new Set(['type', 'kind', 'method', 'mode', 'channel', 'category', 'subtype', 'delivery', 'keytype', 'entrytype', 'factortype', 'devicetype', 'algorithmtype'])
const isNumbered = new Set(['type', 'kind', 'keytype', 'entrytype'])
const counting = new Set(['counter', 'event', 'counterbased', 'eventbased', 'hmac'])
/** Codes of another kind from the same shape of secret: with a PIN beside it, or sent to somebody who has no app. */
const others = new Set([
  'motp', 'mobileotp', 'yandex', 'yandexotp', 'yaotp', 'ocra', 'other', 'phone', 'phonecall', 'mail', 'voice', 'call', 'push', 'whatsapp',
  'passkey', 'password', 'securitykey', 'yubikey', 'static', 'backup', 'backupcode', 'backupcodes', 'lookupsecret', 'magiclink',
])
const starts = ['sms', 'email', 'webauthn', 'fido', 'u2f', 'recovery']
const counters = new Set(['counter', 'hotpcounter', 'movingfactor', 'nextcounter', 'initialcounter'])

/** From when the steps are counted, and by how much the app's clock is off, if that is more than a sign-in accepts. */
export function otherTime(layers: object[], startNames: readonly string[]): 't0' | 'drift' | undefined {
  const all = said(layers)
  const beyond = (most: number, ...wanted: string[]) => all.some(({ name, value }) => wanted.includes(name) && Math.abs(Number(value)) > most)
  if (beyond(0, 't0', ...startNames) || all.some(({ name, value }) => (name === 't0' || startNames.includes(name)) && Number.isNaN(Number(value)))) return 't0'
  return beyond(1, 'drift') || beyond(30, 'timeshift', 'timeoffset', 'timeskew') ? 'drift' : undefined
}

/** What members say of one thing. */
export interface Values<T> {
  /** Null for what can't be read. */
  named: (T | null)[]
  /** Of members that may be about something else. If they say another thing, nobody knows. */
  perhaps: T[]
}

export function digits(layers: object[]): Values<number> {
  const all = said(layers)
  return {
    named: all.filter(({ name, isOfCodes }) => digitNames.has(name) || (isOfCodes && lengths.has(name))).map(({ value }) => readNumber(value)),
    // Secrets have lengths, too.
    perhaps: numbers(all.filter(({ name, isOfCodes }) => !isOfCodes && lengths.has(name)), 5, 10),
  }
}

const digitNames = new Set(['digits', 'digit', 'numdigits', 'numberofdigits', 'nbdigits', 'digitcount', 'digitscount'])
const lengths = new Set(['length', 'len', 'size'])

/** Of seconds. */
export function periods(layers: object[]): Values<number> {
  const all = said(layers)
  const named = all.flatMap(({ name, value }) => {
    const milliseconds = units.some((unit) => name.endsWith(unit) && periodNames.has(name.slice(0, -unit.length)))
    const number = readNumber(value)
    if (milliseconds) return [number === null ? null : number / 1000]
    return periodNames.has(name) ? [number] : []
  })
  return { named, perhaps: numbers(all.filter(({ name }) => doubtful.has(name)), 10, 300) }
}

const units = ['milliseconds', 'millis', 'ms']
const periodNames = new Set(
  ['period', 'step', 'interval', 'timestep', 'timeinterval', 'timeperiod', 'stepsize', 'steptime', 'stepinterval', 'stepduration', 'timer']
    .flatMap((one) => ['', 'sec', 'seconds', 'inseconds'].map((unit) => one + unit)).concat('stepseconds', 'seconds'),
)
const doubtful = new Set(['duration', 'validity', 'timewindow', 'refresh', 'rotation', 'lifetime', 'expiry'])

function numbers(some: Said[], least: number, most: number): number[] {
  return some.map(({ value }) => readNumber(value)).filter((one): one is number => one !== null && one >= least && one <= most)
}

export function algorithms(layers: object[]): Values<string> {
  const all = said(layers)
  const named = all.flatMap(({ name, value }) => {
    if (algorithmNames.has(name)) return [typeof value === 'string' && value.length <= 64 ? value : null]
    if (name === 'sha' || name === 'shaversion') return [`SHA${String(value)}`]
    // A hash is under these names, too.
    return looseAlgorithms.has(name) && isText(value) && value.length <= 16 ? [value] : []
  })
  const perhaps = all.filter(({ name }) => !elsewhere.some((one) => name.includes(one))).map(({ value }) => value).filter(isSha)
  return { named, perhaps }
}

const algorithmNames = new Set([
  'algorithm', 'algo', 'hashalgorithm', 'hashalgo', 'hmacalgorithm', 'hmacalgo', 'hashfunction', 'hashlib', 'hashtype', 'hashmethod', 'hashname',
  'digestalgorithm', 'digestmethod', 'cryptoalgorithm',
])
const looseAlgorithms = new Set(['digest', 'hash', 'hmac', 'alg'])
const isSha = (text: unknown): text is string =>
  typeof text === 'string' && text.length <= 16 && /^(?:hmac)?sha(?:1|2?(?:224|256|384|512))$/.test(plainName(text).replaceAll(/[^\da-z]/g, ''))
const elsewhere = ['passw', 'pwd', 'sign', 'cert', 'jwt', 'file', 'name', 'label', 'issuer', 'description', 'account', 'title', 'note']

const readNumber = (value: unknown): number | null => integer(value, 0xffff_ffff) ?? null

/** The parameters that the reader of key URIs doesn't know, and Ente's description of the entry: as the apps ignore or obey them. */
export function asideOf(uri: string): object[] {
  const [, query = ''] = uri.split('?', 2)
  const parameters = new URLSearchParams(query.split('#', 1)[0]!.replaceAll('&amp;', '&'))
  return [...parameters].flatMap(([key, value]) => {
    const name = plainName(key)
    const inner = name === 'codedisplay' ? fromJson(value) : undefined
    if (isRow(inner)) return [inner]
    return known.has(name) || value.trim() === '' ? [] : [{ [key]: value }]
  })
}

/** A counter means nothing beside the type `totp`. */
const known = new Set(['secret', 'digits', 'algorithm', 'period', 'issuer', 'encoder', 'counter', 'codedisplay'])
