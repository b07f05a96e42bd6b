// The pictures of the documentation show the demo as it is.
import { readFile } from 'node:fs/promises'

import { browserTests } from './browser-tests.js'
import { takePictures } from './pictures.js'

const { browserTest, browser } = browserTests()
const folder = new URL('../../../docs/pictures/', import.meta.url)

browserTest('the pictures in docs/pictures show what the demo shows; else run `npm run docs:screenshots`', async (t) => {
  t.timeout(120_000)
  const words = JSON.parse(await readFile(new URL('words.json', folder), 'utf8')) as Record<string, string[]>
  const pictures = await takePictures(browser())
  t.true(pictures.length >= 5)
  t.deepEqual(Object.fromEntries(pictures.map((picture) => [picture.name, picture.words])), words)
  for (const { name, png } of pictures) {
    const committed = await readFile(new URL(`${name}.png`, folder))
    // The size of the picture, from its header (PNG, 11.2.1).
    t.deepEqual(committed.subarray(0, 24), png.subarray(0, 24), name)
    t.true(words[name]!.length > 3, name)
  }
})
