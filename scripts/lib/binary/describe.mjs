import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { join } from 'node:path'
import { scratch } from '../paths.mjs'
import { pythonPackages } from '../python.mjs'
import { CommandFailed } from '../run.mjs'

const program = fileURLToPath(new URL('describe.py', import.meta.url))

/** What a binary of any platform says about itself: format, libraries, imports, exports, and what its format has besides. */
export async function describe(path) {
  const folder = await pythonPackages('scripts/lib/binary/requirements.txt', join(scratch, 'lief'))
  const { status, stdout, stderr } = spawnSync('python3', [program, path], {
    encoding: 'utf8', env: { ...process.env, PYTHONPATH: folder, PYTHONDONTWRITEBYTECODE: '1' }, maxBuffer: 2 ** 26,
  })
  if (status !== 0) throw new CommandFailed(`${path} can't be read: ${stderr}`)
  return JSON.parse(stdout)
}
