// The aims. Most are ratios of two things that were measured in turn. If there is nothing to compare with, it is an absolute
// figure. Each row has `what`, the figure in the results, its maximum (`most`) or minimum (`least`), and in `profile` the name in
// instructions.mjs of what to profile if the aim is missed.
import { compared } from './lib/interleave.mjs'

const crypto = { ES256: 1.15, EdDSA: 1.25, RS256: 1.6 }
const totp = { otpauth: 6, otplib: 20, speakeasy: 12, 'three bare node:crypto HMACs': 4 }

export const targets = {
  webauthn: ({ authentication }) => [
    ...Object.keys(crypto).map((algorithm) => ({
      what: `${algorithm} authentication : a bare aws-lc-rs verification`,
      ...compared(authentication[algorithm], 'countersign', 'bare aws-lc-rs'),
      most: crypto[algorithm],
      profile: `authentication-${algorithm.toLowerCase()}`,
    })),
    {
      what: '@simplewebauthn/server : ES256 authentication',
      ...compared(authentication.ES256, '@simplewebauthn/server', 'countersign'),
      least: 8,
    },
    {
      what: 'bare crypto.verify, key ready : ES256 authentication',
      ...compared(authentication.ES256, 'bare crypto.verify, key ready', 'countersign'),
      least: 1.1,
    },
  ],
  totp: ({ wrong }) => [
    ...Object.entries(totp).map(([rival, least]) => ({
      what: `${rival} : a wrong TOTP code`,
      ...compared(wrong, rival, 'countersign'),
      least,
    })),
    {
      what: 'a wrong TOTP code in the record of one app : three bare aws-lc-rs HMACs',
      ...compared(wrong, 'core alone, in a record of one app', 'three bare aws-lc-rs HMACs'),
      most: 3,
      profile: 'code-totp-of-one-app',
    },
  ],
  http: (results) => Object.entries({ totp: 'by code', webauthn: 'by key' }).map(([way, what]) => ({
    what: `a second factor ${what} through countersign/http : the same calls in a plain listener, CPU of the server`,
    ...compared(results[way], 'handler', 'plain'),
    most: 1.25,
  })),
  servers: ({ 'second factor': { answer, webauthn }, 'sign-in with a session': whole }) => [
    {
      what: 'a second factor by key, PostgreSQL: countersign/http : Express and SimpleWebAuthn by hand, CPU of the server',
      ...compared(webauthn.cpu, 'countersign, postgres', 'by hand, postgres'),
      most: 1,
    },
    {
      what: 'the answer to a code, PostgreSQL: countersign/http : Express and otplib by hand, CPU of the server',
      ...compared(answer.cpu, 'countersign, postgres', 'by hand, postgres'),
      most: 1.1,
    },
    ...['postgres', 'postgres, prepared'].flatMap((store) => Object.entries({ totp: 'by password and code', passkey: 'by passkey' }).map(([way, what]) => ({
      what: `a sign-in ${what}, PostgreSQL${store.slice('postgres'.length)}, 64 in flight: better-auth : countersign/http/session`,
      ...compared(whole[way].time, 'better-auth, postgres', `countersign, ${store}`),
      least: 5,
    }))),
  ],
  metadata: ({ times }) => [
    { what: 'Metadata.verify : decoding and JSON.parse of the same bytes', ...compared(times, 'Metadata.verify', 'decoding and JSON.parse'), most: 1 },
    { what: 'Metadata.verify : JSON.parse of the payload alone', ...compared(times, 'Metadata.verify', 'JSON.parse of the bytes'), most: 2 },
  ],
  challenges: ({ times, open }) => [
    { what: 'challenge put + take in Rust', figure: times['core alone'].median / 1000, most: 1.5, unit: 'µs', profile: 'book' },
    { what: 'challenge put + take by memoryStore', figure: times.memoryStore.median / 1000, most: 5, unit: 'µs' },
    { what: 'an open challenge, its own texts excluded', figure: open.memoryStore.bytes, most: 300, unit: 'bytes' },
  ],
  growth: (results) => {
    const [few, many] = [results[100], results[100_000] ?? Object.values(results).at(-1)]
    return [
      {
        what: 'TfaConfig.parse : JSON.parse',
        ...compared(many.file, 'parse', 'JSON.parse of the text'),
        most: 1,
        profile: 'config-parse',
      },
      {
        what: 'TfaConfig.write : JSON.stringify',
        ...compared(many.file, 'write', 'JSON.stringify to text'),
        most: 1,
        profile: 'config-write',
      },
      { what: 'memory of a TfaConfig : its file', figure: many.memory.parse / many.bytes, most: 1.2 },
      { what: 'clone, 100 users : an empty instance', ...compared(few.user, 'clone', 'an empty instance'), most: 1.6 },
      { what: 'clone, many users : that', ...compared(many.user, 'clone', 'an empty instance'), most: 1.6 },
      {
        what: 'clone and first write, many users',
        figure: many.user['clone and first write'].median / 1000,
        most: 20,
        unit: 'µs',
      },
    ]
  },
  load: ({ modules: { countersign }, addonBytes }) => [
    { what: 'loading the package', figure: countersign.milliseconds, most: 10, unit: 'ms' },
    { what: 'memory of the package', figure: countersign.bytes / 1e6, most: 10, unit: 'MB' },
    { what: 'size of the addon', figure: addonBytes / 1e6, most: 6, unit: 'MB' },
  ],
  'sign-ins': ({ calls, 'directory without fsync': unsynced }) =>
    Object.keys(calls).flatMap((way) => {
      const [few, many] = Object.keys(calls[way])
      // `others` is left out: how often threads and the event loop wake each other varies.
      const { [few]: one, [many]: other } = calls[way]
      const names = Object.keys({ ...one, ...other }).filter((name) => name !== 'others')
      const differ = names.filter((name) => one[name] !== other[name])
      const times = Object.fromEntries([few, many].map((size) => [size, unsynced[way][size]['one sign-in']]))
      const what = `a sign-in by ${way} in a directory, ${many} : ${few}`
      return [
        { what: `${what}: system calls that differ in number`, figure: differ.length, most: 0, unit: 'calls' },
        { what: `${what}: time without fsync`, ...compared(times, many, few), most: 1.5 },
      ]
    }),
  sealing: ({ totp }) => [
    { what: 'a sign-in by code with sealing : without', ...compared(totp, 'sealed', 'plain'), most: 1.25 },
  ],
  strangers: ({ times }) => {
    const [alone, besides] = Object.keys(times)
    return [{ what: `a sign-in beside ${besides} : beside ${alone}`, ...compared(times, besides, alone), most: 1.5 }]
  },
  'in-flight': (results) => [
    {
      what: 'sign-ins by code on directoryStore, 64 in flight: each file synced by itself : with the journal',
      ...compared(results['64 in flight'], 'each by itself', 'journal'),
      least: 3,
    },
    {
      what: 'sign-ins by code on directoryStore, 1 in flight: with the journal : each file synced by itself',
      ...compared(results['1 in flight'], 'journal', 'each by itself'),
      most: 1.1,
    },
  ],
  demo: () => [],
}

export const isMet = ({ figure, most = Infinity, least = -Infinity }) => figure <= most && figure >= least
