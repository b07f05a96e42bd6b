// What sqliteStore is tested on. Without a name: which of them this machine can have, and why not the others. With one:
// fetches it; the last line is JSON, the program and its environment.
import { main } from './lib/main.mjs'
import { sqliteRuntimes } from './lib/sqlite-runtimes.mjs'

const [name] = process.argv.slice(2)
main(async () => {
  const found = name === undefined ? Object.entries(sqliteRuntimes).map(([name, { missing }]) => ({ name, missing })) : await sqliteRuntimes[name].fetch()
  console.log(JSON.stringify(found))
})
