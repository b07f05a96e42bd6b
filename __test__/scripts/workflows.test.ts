// The workflows, and the linter that reads them. `npm test` runs the second linter, zizmor, besides.
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import test from 'ava'
import { script } from '../helpers/script.js'

const { mistakesOf } = await script('workflows/lint.mjs')
const root = fileURLToPath(new URL('../../../', import.meta.url))
const folder = join(root, '.github', 'workflows')
const workflows = readdirSync(folder).map((name) => ({ name, text: readFileSync(join(folder, name), 'utf8') }))

test('the linter finds nothing in ours, and finds what is wrong', async (t) => {
  for (const { name, text } of workflows) t.deepEqual(await mistakesOf(name, text), [])
  const wrong = 'on: push\njobs:\n  one:\n    runs-on: ubuntu-24.04\n    steps:\n      - run: echo ${{ github.evnt }}\n'
  t.regex((await mistakesOf('wrong.yml', wrong))[0].message, /"evnt" is not defined/)
  t.is((await mistakesOf('wrong.yml', wrong.replace('evnt', 'sha').replace('ubuntu-24.04', 'macos-15-intell'))).length, 1)
})

test('every action is pinned to a commit, permissions are empty by default, and nothing is cached where something is published', (t) => {
  for (const { name, text } of workflows) {
    const used = [...text.matchAll(/uses: (.*)$/gm)].map(([, action]) => action)
    t.true(used.length > 0)
    for (const action of used) t.regex(action!, /^actions\/[a-z-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/, name)
    t.regex(text, /^permissions: \{\}$/m, name)
  }
  const release = readFileSync(join(folder, 'release.yml'), 'utf8')
  t.notRegex(release, /actions\/cache|^\s*cache:/m)
  t.is(release.match(/package-manager-cache: false/g)?.length, release.match(/actions\/setup-node@/g)?.length)
})

test('every command is a script of the repository', (t) => {
  const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  for (const { text } of workflows) {
    for (const [, command] of text.matchAll(/^\s+(?:- )?run: (.*)$/gm)) {
      const [, program, named] = /^(node|bash|npm run) (\S+)(?: --[a-z]+)?$/.exec(command!) ?? []
      t.truthy(program, command)
      if (program === 'npm run') t.truthy(scripts[named!], command)
      // The runners that have no checkout get these two beside the tarballs.
      else t.true(existsSync(join(root, named!.replace('release/try/', 'scripts/smoke/'))), command)
    }
  }
})

test('only one job builds, and only a tag publishes', (t) => {
  const release = readFileSync(join(folder, 'release.yml'), 'utf8')
  t.deepEqual(release.match(/run: npm .*/g), ['run: npm run release:check'])
  const jobs = release.slice(release.indexOf('\njobs:')).split(/^ {2}(?=\w)/m).slice(1)
  for (const job of jobs.filter((text) => /id-token|contents: write/.test(text) && !/needs: publish/.test(text))) t.regex(job, /if: github\.ref_type == 'tag'/)
  t.regex(jobs.find((text) => text.startsWith('publish:'))!, /environment: npm/)
})
