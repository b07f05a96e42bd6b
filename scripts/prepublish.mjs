// What `npm publish` in a checkout runs first. The manifest there doesn't list the packages of the platforms, so whoever
// installed it would get no binary.
console.error('npm publish in a checkout is refused. Publish what npm run release:check has made: node scripts/publish.mjs')
process.exitCode = 1
