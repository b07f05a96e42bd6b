// The code in the documentation and in the comments of what is exported, compiled in strict mode against the package.
import { execFile } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

import test from 'ava'

const root = fileURLToPath(new URL('../../../', import.meta.url))
const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc')

interface Piece {
  /** Where it stands: the page or source, and its number there. */
  name: string
  code: string
}

test('the code of every page and of every example compiles', async (t) => {
  const pieces = [...pages().flatMap(blocksOf), ...sources().flatMap(examplesOf)]
  t.true(pieces.length > 60, `${pieces.length}`)
  const faults = await compile(pieces)
  t.deepEqual(faults, [])
})

test('every list of options has their types', (t) => {
  const lists = pages().flatMap((page) => [...readFileSync(join(root, page), 'utf8').matchAll(/^\| option \|([^]*?)^(?!\|)/gm)].map(([, rest = '']) => ({ page, rest })))
  t.true(lists.length > 5, `${lists.length}`)
  for (const { page, rest } of lists) {
    const [head = '', , ...rows] = rest.trimEnd().split('\n')
    t.regex(head, /^ type \|/, page)
    for (const row of rows) t.regex(row, /^\| `[^|]*` \| [^ |]/, page)
  }
})

test('code that uses the package wrongly is found', async (t) => {
  const wrong = (code: string) => ({ name: 'wrong', code })
  for (const code of [
    "await Countersign.open({ rp, store, onEvents: () => {} })",
    "const { qr, seecret } = await countersign.beginTotp('ann', { account: 'ann' })",
    "import { authenticated } from 'countersign/browser'",
    "app.use(createHandler(countersign, { user: () => ({ id: 7 }), onVerified() {} }))",
  ]) {
    t.true((await compile([wrong(code)])).length > 0, code)
  }
})

const pages = () =>
  ['README.md', 'SECURITY.md', ...readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' }).map((path) => join('docs', path))]
    .filter((path) => path.endsWith('.md') && !isOfFramework(path) && !isOfSite(path))

/** What builds the site, with its packages. */
const isOfSite = (path: string) => /^docs[\\/]site[\\/]/.test(path)

const sources = () =>
  ['index.ts', ...readdirSync(join(root, 'facade'), { recursive: true, encoding: 'utf8' }).map((path) => join('facade', path))]
    .filter((path) => path.endsWith('.ts') && !isOfFramework(path))

/** The code of these pages and sources is run with each framework, whose types are not here. */
const isOfFramework = (path: string) => /frameworks[\\/](?!node-http)|http[\\/](?:express|fastify|hono|nestjs)\.ts$/.test(path)

/** Configuration of other tools is CommonJS, and tested with them; so is JSX, with each framework's types. */
function blocksOf(page: string): Piece[] {
  const found = readFileSync(join(root, page), 'utf8').matchAll(/^```(js|ts)\n([^]*?)^```/gm)
  const pieces = [...found].map(([, , code = ''], index) => ({ name: `${page} ${index + 1}`, code }))
  return pieces.filter(({ code }) => !code.includes('module.exports') && !code.startsWith('vue('))
}

function examplesOf(source: string): Piece[] {
  const comments = readFileSync(join(root, source), 'utf8').matchAll(/\/\*\*[^]*?\*\//g)
  const texts = [...comments].map(([comment]) => comment.slice(3, -2).replaceAll(/^ *\* ?/gm, ''))
  const examples = texts.flatMap((text) => text.split(/^@example\n/m).slice(1)).map((text) => text.split(/^@\w/m)[0]!)
  return examples.map((code, index) => ({ name: `${source} ${index + 1}`, code }))
}

/** Names that a reader has from somewhere, with the package's types. */
const given: Record<string, string> = {
  countersign: "import('countersign').Countersign",
  config: "import('countersign').TfaConfig",
  rp: "import('countersign').RelyingParty",
  store: "import('countersign/stores').Store",
  handler: "import('countersign/http').Handler",
}

/** What only says that a name is the reader's own, or that JavaScript has no types. */
const expected = new Set(['TS2304', 'TS2552', 'TS18004', 'TS2580', 'TS7006', 'TS7031', 'TS7019', 'TS7005', 'TS7034', 'TS18046', 'TS2591', 'TS2593', 'TS2531'])

async function compile(pieces: Piece[]): Promise<string[]> {
  const folder = mkdtempSync(join(tmpdir(), 'countersign-docs-'))
  try {
    const packages = join(folder, 'node_modules')
    mkdirSync(packages)
    for (const part of ['package.json', 'dist']) cpSync(join(root, part), join(packages, 'countersign', part), { recursive: true })
    for (const name of ['@types', 'pg', 'ioredis', 'redis', 'undici-types']) {
      symlinkSync(join(root, 'node_modules', name), join(packages, name))
    }
    const names = await exported()
    pieces.forEach((piece, index) => {
      writeFileSync(join(folder, `piece${index}.ts`), program(piece, names))
    })
    const compilerOptions = {
      target: 'ES2022', lib: ['ES2023', 'DOM', 'DOM.Iterable', 'ESNext.Disposable'], module: 'NodeNext', moduleResolution: 'NodeNext',
      moduleDetection: 'force', types: ['node'], strict: true, noEmit: true, skipLibCheck: true,
    }
    writeFileSync(join(folder, 'package.json'), '{ "type": "module" }')
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['*.ts'] }))
    const run = promisify(execFile)(process.execPath, [tsc, '-p', folder, '--pretty', 'false'])
    const output = await run.then(() => '', ({ stdout }: { stdout: string }) => stdout)
    return output.split('\n').flatMap((line) => {
      const [, index, code = '', text = ''] = /piece(\d+)\.ts\(\d+,\d+\): error (TS\d+): (.*)$/.exec(line) ?? []
      if (index === undefined || expected.has(code) || isElsewhere(code, text)) return []
      // A part of something that was shown before.
      if (code === 'TS2739' && pieces[Number(index)]!.code.includes('// ...\n')) return []
      return [`${pieces[Number(index)]!.name}: ${code} ${text}`]
    })
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** A module of the reader's, or one that isn't installed here. */
const isElsewhere = (code: string, text: string) => ['TS2307', 'TS7016', 'TS2792'].includes(code) && !text.includes("'countersign")

/** A piece as a module: with what it leaves out, and its statements where they may return. */
function program({ code }: Piece, names: Map<string, string>): string {
  const imports = [...code.matchAll(/^import [^]*?from '[^']+'.*$|^import '[^']+'.*$/gm)].map(([line]) => line)
  const body = imports.reduce((text, line) => text.replace(line, ''), code).replaceAll(/^export (?=const|async|function)/gm, '')
  const declares = (name: string) => new RegExp(`\\b(?:const|let|function|class|import)\\b[^=(]*\\b${name}\\b`).test(code)
  const uses = (name: string) => new RegExp(`\\b${name}\\b`).test(body)
  // The plugin for better-auth has the name that elsewhere is a service's.
  const isCalled = (name: string) => new RegExp(`\\b${name}\\(`).test(body)
  const missing = [...names].filter(([name]) => uses(name) && !declares(name) && !(Object.hasOwn(given, name) && !isCalled(name)))
  const lines = [
    ...imports,
    ...missing.map(([name, entry]) => `import { ${name} } from '${entry}'`),
    ...Object.entries(given).filter(([name]) => uses(name) && !declares(name) && !isCalled(name)).map(([name, type]) => `declare const ${name}: ${type}`),
  ]
  return `${lines.join('\n')}\nexport async function piece() {\n${body}\n}\n`
}

/** What can be called, and which entry of the package has it. */
async function exported(): Promise<Map<string, string>> {
  const { exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { exports: Record<string, unknown> }
  const names = new Map<string, string>()
  for (const path of Object.keys(exports).filter((one) => !one.endsWith('.json') && !one.includes('*'))) {
    const entry = path.replace(/^\./, 'countersign')
    for (const name of Object.keys(await import(entry) as object)) if (!names.has(name)) names.set(name, entry)
  }
  return names
}
