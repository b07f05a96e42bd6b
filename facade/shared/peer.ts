import { CountersignError } from './errors.js'

/**
 * Loads a package that the host has to install, when it is used: the entry itself loads without it.
 *
 * @param needs what needs which package and version
 * @param install what to pass to `npm install`
 * @throws {CountersignError} `not-supported`, which says so
 */
export function loadPeer<T>(needs: string, install: string, load: () => T): T {
  try {
    return load()
  } catch (cause) {
    throw new CountersignError('not-supported', { detail: `${needs}: npm install ${install}`, cause })
  }
}
