import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root, scratch } from '../paths.mjs'

/** Tools, caches and binaries of every target: all of it may be deleted at any time. */
export const cross = join(scratch, 'cross')

const { napi } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))

/** What a target's binary is called, wherever it lies. */
export const binaryName = ({ name }) => `${napi.binaryName}.${name}.node`

/** Where `npm run build:all` leaves a target's binary. */
export const binaryOf = (target) => join(cross, 'binaries', binaryName(target))
