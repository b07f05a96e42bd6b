import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

import test from 'ava'

import { authenticatorName } from '../../facade/authenticators/index.js'
import { table } from '../../facade/authenticators/table.js'
import { isDescription } from '../../facade/shared/check.js'

const known: Record<string, string> = {
  'fbfc3007-154e-4ecc-8c0b-6e020557d7bd': 'iCloud Keychain',
  'ea9b8d66-4d01-1d21-3ce4-b6b48cb575d4': 'Google Password Manager',
  '08987058-cadc-4b81-b6e1-30de50dcbe96': 'Windows Hello',
  'bada5566-a7aa-401f-bd96-45619a55120d': '1Password',
  'd548826e-79b4-db40-a3d8-11116f7e8349': 'Bitwarden',
  'fa2b99dc-9e39-4257-8f92-4a30d23c4118': 'YubiKey 5 Series with NFC',
  '2fc0579f-8113-47ea-b116-bb5a8db9202a': 'YubiKey 5 Series with NFC',
  'b92c3f9a-c014-4056-887f-140a2501163b': 'Security Key by Yubico',
}

test('models that people have are known by their names', (t) => {
  for (const [aaguid, name] of Object.entries(known)) t.is(authenticatorName(aaguid), name, aaguid)
})

test('an AAGUID may be spelled in any usual way', (t) => {
  const aaguid = 'FBFC3007-154E-4ECC-8C0B-6E020557D7BD'
  t.is(authenticatorName(aaguid), 'iCloud Keychain')
  t.is(authenticatorName(aaguid.replaceAll('-', '')), 'iCloud Keychain')
})

test('what is no known model has no name', (t) => {
  const unknown: unknown[] = [
    '00000000-0000-0000-0000-000000000000', 'fbfc3007-154e-4ecc-8c0b-6e020557d7be', '', '__proto__', 'constructor', undefined, null, 7, {},
  ]
  for (const aaguid of unknown) t.is(authenticatorName(aaguid as string), undefined, String(aaguid))
})

test('the table is whole: each model once, each name fit to be shown and to be a description', (t) => {
  const lines = table.trim().split('\n')
  const seen = new Set<string>()
  for (const line of lines) {
    const parts = line.split('\t')
    t.is(parts.length, 2, line)
    const [name = '', ids = ''] = parts
    t.true(name !== '' && name === name.trim() && name.length <= 72 && isDescription(name), line)
    for (const id of ids.split(' ')) {
      t.regex(id, /^[\da-f]{32}$/, line)
      t.false(seen.has(id), line)
      seen.add(id)
    }
  }
  t.is(new Set(lines.map((line) => line.split('\t')[0])).size, lines.length, 'each name once')
  t.true(seen.size > 380 && table.length < 30_000, `${seen.size} models, ${table.length} bytes`)
})

test('who does not ask for names does not load them', async (t) => {
  const program = "import 'countersign'; import 'countersign/http'; import 'countersign/webauthn'"
  const root = fileURLToPath(new URL('../../..', import.meta.url))
  const trace = ['--input-type=module', '--experimental-loader', `data:text/javascript,${encodeURIComponent(
    "export const load = (url, context, next) => { if (url.includes('authenticators')) console.log('LOADED ' + url); return next(url, context) }",
  )}`, '--eval']
  const run = (code: string) => promisify(execFile)(process.execPath, ['--no-warnings', ...trace, code], { cwd: root })
  t.false((await run(program)).stdout.includes('LOADED'))
  t.true((await run("import 'countersign/authenticators'")).stdout.includes('LOADED'), 'the test would see it')
})
