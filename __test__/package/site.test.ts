// The site of the documentation: its list of pages, its check of links, and its texts for language models.
import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

import test from 'ava'

const root = fileURLToPath(new URL('../../../', import.meta.url))
const site = (name: string) => import(new URL(`../../../docs/site/${name}`, import.meta.url).href)

const { addressOf, home, pages, sections } = await site('pages.mjs')
const { brokenLinks } = await site('links.mjs')
const { stagePages } = await site('staging.mjs')
const { writeTexts } = await site('llms.mjs')

async function folder(t: { teardown(work: () => unknown): void }, files: Record<string, string> = {}): Promise<string> {
  const made = await mkdtemp(join(tmpdir(), 'countersign-site-'))
  t.teardown(() => rm(made, { recursive: true, force: true }))
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(made, name)), { recursive: true })
    await writeFile(join(made, name), text)
  }
  return made
}

test('the menu has every page of docs/ and every recipe once, and each has an address of its own', async (t) => {
  const found = (await readdir(join(root, 'docs'), { recursive: true }))
    .map((path) => `docs/${path.replaceAll('\\', '/')}`)
    .filter((path) => /\.(?:md|ts)$/.test(path) && !path.startsWith('docs/site/'))
  const listed: string[] = pages.map(({ path }: { path: string }) => path)
  t.deepEqual([...listed].sort(), [...found, 'README.md', 'SECURITY.md', 'CHANGELOG.md'].sort(), 'add the page to docs/site/pages.mjs')
  t.is(new Set(listed.map(addressOf)).size, listed.length)
  const frameworks = await readdir(join(root, 'docs', 'frameworks'))
  const stores = (await readdir(join(root, 'docs', 'stores'))).filter((name) => name.endsWith('.md'))
  const inMenu = (title: string) => sections.find((section: { title: string }) => section.title === title).pages.map(({ path }: { path: string }) => path)
  for (const name of frameworks) t.true(inMenu('Frameworks').includes(`docs/frameworks/${name}`))
  for (const name of stores) t.true(inMenu('Stores').includes(`docs/stores/${name}`))
})

test('broken links, missing anchors and what would be loaded from elsewhere are found', async (t) => {
  const out = await folder(t, {
    'index.html': '<h1 id="top">A</h1><a href="sub/b.html#there">b</a> <a href="#top">top</a> <a href="https://example.com/x">x</a>',
    'sub/b.html': '<p id="there">B</p><a href="../index.html">a</a><img src="../c.png">',
    'c.png': '',
  })
  t.deepEqual(brokenLinks(out), [])
  const wrong: Record<string, string> = {
    '<a href="sub/c.html">c</a>': 'index.html: there is no sub/c.html',
    '<a href="sub/b.html#here">b</a>': 'index.html: there is no sub/b.html#here',
    '<a href="#bottom">c</a>': 'index.html: there is no #bottom',
    '<img src="d.png">': 'index.html: there is no d.png',
    '<a href="sub">b</a>': 'index.html: sub is a folder',
    '<a href="../outside.html">b</a>': 'index.html: there is no ../outside.html',
    '<script src="https://cdn.example/x.js"></script>': 'index.html loads https://cdn.example/x.js',
    '<link rel="stylesheet" href="//fonts.example/x.css">': 'index.html loads //fonts.example/x.css',
  }
  for (const [html, message] of Object.entries(wrong)) {
    await writeFile(join(out, 'index.html'), html)
    t.deepEqual(brokenLinks(out), [message])
  }
})

test('every relative link of the pages leads to a file, and one that does not is an error', async (t) => {
  const staged = await folder(t)
  const texts = stagePages(root, staged)
  t.is(texts.length, pages.length)
  t.true((await readFile(join(staged, 'docs/recipes/README.md'), 'utf8')).includes('(knex.ts.md)'))
  t.true((await readFile(join(staged, 'docs/frameworks/express.md'), 'utf8')).includes('/blob/main/examples/express.mjs)'))
  const broken = await folder(t, Object.fromEntries(pages.map(({ path }: { path: string }) => [path, '# A page\n[to nothing](nothing.md) `[code](x.md)`\n'])))
  t.throws(() => stagePages(broken, staged), { message: /links to nothing\.md, which doesn't exist/ })
})

test('the comparison names the versions that are installed or measured here', async (t) => {
  const text = await readFile(join(root, 'docs', 'comparison.md'), 'utf8')
  const read = async (file: string) => JSON.parse(await readFile(join(root, file), 'utf8'))
  const { version, devDependencies } = await read('package.json')
  const { dependencies } = await read('bench/rivals/package.json')
  const named = [
    `Countersign ${version}`,
    `better-auth ${devDependencies['better-auth']}`,
    `\`@better-auth/passkey\` ${devDependencies['@better-auth/passkey']}`,
    `\`@simplewebauthn/server\` ${dependencies['@simplewebauthn/server']}`,
    `\`otplib\` ${dependencies['otplib']}`,
  ]
  for (const name of named) t.true(text.includes(name), name)
})

test('llms.txt lists every page with a summary, and llms-full.txt has the whole text of each', async (t) => {
  const texts = stagePages(root, await folder(t))
  const out = await folder(t)
  writeTexts(out, texts)
  const list = await readFile(join(out, 'llms.txt'), 'utf8')
  const full = await readFile(join(out, 'llms-full.txt'), 'utf8')
  for (const { path } of pages) {
    const address = `${addressOf(path)}.md`
    if (path !== home.path) t.regex(list, new RegExp(`^- \\[.+\\]\\(${address.replaceAll('.', '\\.')}\\): \\S.{10,}$`, 'm'))
    const page = await readFile(join(out, address), 'utf8')
    t.true(full.includes(page.trim()), address)
    // Links between the pages lead to each other here too.
    const prose = page.split(/^```[^]*?^```$|`[^`\n]+`/m).join('')
    for (const [, to = ''] of prose.matchAll(/\]\((?!https?:|#)([^)#\s]+\.md)/g)) {
      t.true(pages.some((one: { path: string }) => join(dirname(address), to) === join(`${addressOf(one.path)}.md`)), `${address}: ${to}`)
    }
  }
})
