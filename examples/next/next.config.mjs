import { fileURLToPath } from 'node:url'

export default {
  // A native addon can't be bundled.
  serverExternalPackages: ['countersign'],
  // The parent folder has accounts.mjs, which all examples share.
  turbopack: { root: fileURLToPath(new URL('..', import.meta.url)) },
}
