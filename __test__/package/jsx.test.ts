// The elements' types in JSX, against what each framework's own types are made of.
import { execFile } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

import test from 'ava'

const root = fileURLToPath(new URL('../../../', import.meta.url))
const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc')

/** Reduced to how the names hang together, which is all that the types here rely on. */
const frameworks: Record<string, Record<string, string>> = {
  react: {
    'index.d.ts': `export = React
declare namespace React {
  interface HTMLAttributes<T> { className?: string; children?: unknown; onClick?: (event: { currentTarget: T }) => void }
  type DetailedHTMLProps<E extends HTMLAttributes<T>, T> = E & { ref?: { current: T | null }; key?: string }
  namespace JSX { interface Element { type: unknown } interface IntrinsicElements { p: HTMLAttributes<HTMLElement> } }
}`,
    'jsx-runtime.d.ts': `import * as React from './index.js'\nexport import JSX = React.JSX\nexport const jsx: unknown, jsxs: unknown, Fragment: unknown`,
  },
  preact: {
    'jsx.d.ts': `import { HTMLAttributes } from './index.js'
export namespace JSXInternal { interface Element { type: unknown } interface IntrinsicElements { p: HTMLAttributes<HTMLElement> } }`,
    'index.d.ts': `import { JSXInternal } from './jsx.js'\nexport import JSX = JSXInternal
export interface HTMLAttributes<T extends EventTarget = EventTarget> { class?: string; children?: unknown; ref?: { current: T | null }; key?: string }`,
    'jsx-runtime.d.ts': `import { JSXInternal } from './jsx.js'\nexport import JSX = JSXInternal\nexport const jsx: unknown, jsxs: unknown, Fragment: unknown`,
  },
  'solid-js': {
    'jsx-runtime.d.ts': `export namespace JSX {
  type Element = unknown
  interface HTMLAttributes<T> { class?: string; children?: unknown; ref?: T | ((element: T) => void) }
  interface IntrinsicElements { p: HTMLAttributes<HTMLElement> }
}`,
    'index.d.ts': `export type { JSX } from './jsx-runtime.js'`,
  },
}

for (const [framework, files] of Object.entries(frameworks)) {
  test(`${framework}: both elements have their attributes, events and ref`, async (t) => {
    const on = framework === 'solid-js' ? 'on:' : 'on'
    const name = framework === 'react' ? 'className' : 'class'
    const ref = framework === 'solid-js' ? 'let signIn!: CountersignSignIn' : 'const signIn = { current: null as CountersignSignIn | null }'
    const program = `import type {} from 'countersign/browser/jsx'
import type { CountersignSignIn } from 'countersign/browser/ui'
${ref}
export const page = <p>
  <countersign-sign-in ref={signIn} base="/2fa" heading-level={3} passkey-only ${name}="x"
    ${on}countersign-verified={({ detail: { outcome } }) => void (outcome.ok satisfies true)} />
  <countersign-settings base="/2fa" ${on}countersign-changed={({ detail }) => void detail.factors?.length} />
</p>
// @ts-expect-error a path is text
export const wrongBase = <countersign-settings base={7} />
// @ts-expect-error no such attribute
export const misspelt = <countersign-sign-in passkeysonly />
`
    t.is(await compile(framework, files, program), '')
  })
}

test('without any of them the types compile, too', async (t) => {
  const program = `import type { SignInAttributes } from 'countersign/browser/jsx'\nexport const one: SignInAttributes = { upgrade: true }\n`
  t.is(await compile('none', {}, program), '')
})

async function compile(framework: string, files: Record<string, string>, program: string): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'countersign-jsx-'))
  try {
    const put = (path: string, text: string) => {
      mkdirSync(dirname(join(folder, path)), { recursive: true })
      writeFileSync(join(folder, path), text)
    }
    const packages = join(folder, 'node_modules')
    for (const part of ['package.json', join('dist', 'facade')]) {
      cpSync(join(root, part), join(packages, 'countersign', part), { recursive: true })
    }
    for (const [file, text] of Object.entries(files)) put(join('node_modules', framework, file), text)
    const exports = { '.': { types: './index.d.ts' }, './jsx-runtime': { types: './jsx-runtime.d.ts' } }
    if (framework !== 'none') put(join('node_modules', framework, 'package.json'), JSON.stringify({ name: framework, version: '1.0.0', exports }))
    put('package.json', '{ "type": "module" }')
    put('page.tsx', program)
    const jsx = framework === 'solid-js' ? 'preserve' : 'react-jsx'
    const compilerOptions = {
      noEmit: true, strict: true, target: 'ES2022', module: 'NodeNext', jsx, lib: ['ES2023', 'DOM'], types: [],
      ...(framework !== 'none' && { jsxImportSource: framework }),
    }
    put('tsconfig.json', JSON.stringify({ compilerOptions, files: ['page.tsx'] }))
    const failed: unknown = await promisify(execFile)(process.execPath, [tsc, '-p', '.'], { cwd: folder }).catch((error: unknown) => error)
    return (failed as { stdout: string }).stdout
  } finally {
    rmSync(folder, { recursive: true })
  }
}
