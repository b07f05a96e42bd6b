// Fetches the Nodes that the packed package is tested on beside the running one; the last line is JSON, program by major.
import { main } from './lib/main.mjs'
import { otherNodes } from './lib/nodes.mjs'

main(async () => console.log(JSON.stringify(await otherNodes())))
