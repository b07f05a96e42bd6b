import { readFileSync } from 'node:fs'

/** The version of a package that is compared with, as it is installed. */
export const versionOf = (name) =>
  JSON.parse(readFileSync(new URL(`../../bench/rivals/node_modules/${name}/package.json`, import.meta.url), 'utf8')).version
