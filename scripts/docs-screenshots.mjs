// `npm run docs:screenshots`: records the demo for the first page of the documentation (docs/pictures), and the README's picture.
// Run `npm run build:dev` before. CHROME_PATH names the browser if it isn't in a usual place.
import { mkdir, writeFile } from 'node:fs/promises'
import { findChromium, launch } from '../build/__test__/browser/chromium.js'
import { takePictures } from '../build/__test__/browser/pictures.js'

const docs = new URL('../docs/', import.meta.url)
const executable = findChromium()
if (!executable) throw new Error('No Chrome or Chromium found. Install one, or set CHROME_PATH.')
const browser = await launch(executable)
try {
  const pictures = await takePictures(browser)
  await mkdir(new URL('pictures/', docs), { recursive: true })
  for (const { name, png } of pictures) await writeFile(new URL(`pictures/${name}.png`, docs), png)
  const words = Object.fromEntries(pictures.map(({ name, words }) => [name, words]))
  await writeFile(new URL('pictures/words.json', docs), `${JSON.stringify(words, undefined, 2)}\n`)
  const of = (wanted) => pictures.find(({ name }) => name === wanted).png
  await writeFile(new URL('demo.png', docs), await sideBySide([of('settings'), of('second-step-dark')]))
} finally {
  await browser.close()
}

async function sideBySide(pictures) {
  const page = await browser.newPage({ viewport: { width: 1280, height: 800 } })
  const images = pictures.map((png) => `<img src="data:image/png;base64,${png.toString('base64')}">`)
  await page.setContent(`<body style="margin:0;display:flex">${images.join('')}</body>`)
  return page.screenshot()
}
