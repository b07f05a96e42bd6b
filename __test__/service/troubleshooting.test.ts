// docs/troubleshooting.md names every reason that there is, and none that there isn't.
import { readFile, readdir } from 'node:fs/promises'

import test from 'ava'

import { problems } from '../../facade/http/problem.js'
import { errorCodes } from '../../facade/shared/errors.js'
import { webauthnReasons } from '../../facade/stateless/webauthn-reason.js'

const root = new URL('.', import.meta.resolve('countersign/package.json'))
const read = (path: string) => readFile(new URL(path, root), 'utf8')

/** The names in the first column of the tables below a heading. */
function listed(text: string, heading: string): string[] {
  const [, section = ''] = text.split(`\n## ${heading}\n`)
  return [...section.split('\n## ')[0]!.matchAll(/^\| `([\w-]+)`/gm)].map(([, name = '']) => name)
}

/** What the core's service refuses with, as its sources spell it. */
async function coreReasons(): Promise<Set<string>> {
  const folder = new URL('crate/core/src/service/', root)
  const files = (await readdir(folder, { recursive: true })).filter((name) => name.endsWith('.rs'))
  const found = new Set<string>()
  for (const file of files) {
    if (file === 'manage.rs') continue
    const text = await readFile(new URL(file, folder), 'utf8')
    const refusals = /\b(?:rejected|Unavailable|because|refused)\((?:[\w:.]+, )?(?:[\w:.]+, )?"([a-z-]+)"/g
    for (const [, reason = ''] of text.matchAll(refusals)) found.add(reason)
    if (file.endsWith('enrol/mod.rs')) for (const [, reason = ''] of text.matchAll(/Self::\w+ => "([a-z-]+)"/g)) found.add(reason)
  }
  found.delete('rejected')
  return found
}

test('every reason is in docs/troubleshooting.md, with its cause and remedy', async (t) => {
  const text = await read('docs/troubleshooting.md')
  const answers = listed(text, 'Reasons of refused answers')
  const ceremonies = listed(text, 'Reasons of ceremonies')
  const core = await coreReasons()
  t.true(core.size >= 12, [...core].join())
  const both = new Set([...answers, ...ceremonies])
  for (const reason of [...core, ...webauthnReasons, 'challenge-missing', 'not-supported']) t.true(both.has(reason), reason)
  for (const reason of both) {
    t.true(core.has(reason) || (webauthnReasons as readonly string[]).includes(reason), `${reason} is no reason`)
  }
  t.is(both.size, answers.length + ceremonies.length, 'each is there once')

  const errors = new Set([...listed(text, 'Errors of a call'), 'factor-limit', 'not-supported'])
  t.deepEqual([...errors].sort(), [...errorCodes].sort())
  const [, codes = ''] = /export type CeremonyErrorCode =([^\n]*(?:\n {2}\|[^\n]*)*)/.exec(await read('facade/browser/error.ts')) ?? []
  const browser = [...codes.matchAll(/'([\w-]+)'/g)].map(([, code = '']) => code)
  t.is(browser.length, 10)
  t.deepEqual(listed(text, 'Errors in the browser').sort(), browser.sort())
  const types = await read('facade/service/event.ts')
  const warnings = [...types.slice(types.indexOf('export type WarningReason')).matchAll(/\| '([\w-]+)'/g)].map(([, name = '']) => name)
  const events = await read('docs/events.md')
  for (const reason of warnings) t.true(events.includes(`| \`${reason}\` |`), reason)
  for (const line of text.split('\n').filter((one) => one.startsWith('| `'))) {
    t.true(line.split(/(?<!\\)\|/).slice(1, -1).every((cell) => cell.trim() !== ''), line)
  }
})

/** Every name that a type of the facade has as a `reason`, wherever it is declared. */
async function declaredReasons(): Promise<Map<string, string>> {
  const folder = new URL('facade/', root)
  const found = new Map<string, string>()
  for (const file of (await readdir(folder, { recursive: true })).filter((name) => name.endsWith('.ts'))) {
    const text = await readFile(new URL(file, folder), 'utf8')
    const places = [
      ...text.matchAll(/\breason\??:\s*((?:\s*\|?\s*'[a-z-]+')+)/g),
      ...text.matchAll(/^export type \w*Reason =((?:\s*(?:\/\*\*[^]*?\*\/)?\s*\|?\s*'[a-z-]+')+)/gm),
    ]
    for (const [, names = ''] of places) for (const [, name = ''] of names.matchAll(/'([a-z-]+)'/g)) found.set(name, file)
  }
  return found
}

test('every reason that a type declares, and every problem, has its cause and remedy on a page', async (t) => {
  const text = await read('docs/troubleshooting.md')
  t.deepEqual(listed(text, 'Problems over HTTP').sort(), Object.keys(problems).sort())
  // The page leads to these two for the reasons of warnings and of imports.
  const others = await Promise.all(['docs/events.md', 'docs/migration.md'].map(read))
  for (const page of ['events.md', 'migration.md']) t.true(text.includes(`](${page}`))
  const rows = [text, ...others].flatMap((page) => page.split('\n').filter((line) => line.startsWith('| `')))
  const explained = new Set(rows.flatMap((row) => [...row.split(' | ')[0]!.matchAll(/`([\w-]+)`/g)].map(([, name = '']) => name)))
  const declared = await declaredReasons()
  for (const name of ['wrong-origin', 'not-changeable', 'hotp', 'other-factors', 'signature-invalid', 'public-suffix', 'session-not-saved']) {
    t.true(declared.has(name) || (webauthnReasons as readonly string[]).includes(name), `${name} was not found in the sources`)
  }
  for (const [name, file] of declared) t.true(explained.has(name), `${name} of facade/${file}`)
  const codes = [...(await read('facade/better-auth/guard.ts')).matchAll(/code: '([A-Z_]+)'/g)].map(([, code = '']) => code)
  t.true(codes.length >= 3)
  for (const code of codes) t.true(text.includes(`\`${code}\``), code)
})
