import { accessSync, constants, existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { say } from './output.mjs'
import { run } from './run.mjs'
import { ToolMissing } from './tools.mjs'

/** The path of a Chrome or Chromium, installed first where that is a matter of course; undefined where there is none. */
export async function findBrowser() {
  const given = process.env.CHROME_PATH
  if (given) {
    if (isExecutable(given)) return given
    throw new ToolMissing('CHROME_PATH names no program')
  }
  return usualPlaces().find(isExecutable) ?? (await installOnDebian())
}

function usualPlaces() {
  const names = ['google-chrome', 'google-chrome-stable', 'chromium', 'chromium-browser', 'chrome']
  const onPath = (process.env.PATH ?? '').split(delimiter).filter(Boolean).flatMap((folder) => names.map((name) => join(folder, name)))
  if (process.platform === 'darwin') {
    return ['Google Chrome', 'Chromium'].map((name) => `/Applications/${name}.app/Contents/MacOS/${name}`).concat(onPath)
  }
  if (process.platform === 'win32') {
    const { PROGRAMFILES, 'PROGRAMFILES(X86)': programFiles86, LOCALAPPDATA } = process.env
    return [PROGRAMFILES, programFiles86, LOCALAPPDATA].filter(Boolean)
      .flatMap((folder) => [join(folder, 'Google/Chrome/Application/chrome.exe'), join(folder, 'Chromium/Application/chrome.exe')])
  }
  return onPath
}

async function installOnDebian() {
  if (process.getuid?.() !== 0 || !existsSync('/etc/debian_version')) return undefined
  say('no Chrome or Chromium found: installing the Debian package chromium')
  const env = { DEBIAN_FRONTEND: 'noninteractive' }
  const { code } = await run('apt-get', ['update'], { env })
  if (code === 0) await run('apt-get', ['install', '--yes', '--no-install-recommends', 'chromium'], { env })
  return usualPlaces().find(isExecutable)
}

function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
