import { fileURLToPath } from 'node:url'

export default {
  // A native addon is no matter for a bundler.
  serverExternalPackages: ['countersign'],
  // The accounts of all examples are beside this folder.
  turbopack: { root: fileURLToPath(new URL('..', import.meta.url)) },
}
