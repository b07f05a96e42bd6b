// Draws the plots of the README from bench/results.json, as bars of microseconds: `node bench/plot.mjs`.
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const place = (name) => new URL(name, import.meta.url)
const style = `
text { font: 13px system-ui, sans-serif; fill: #24292f }
.title { font-weight: 600 }
.value { font-size: 12px }
.rival { fill: #8c959f } .ours { fill: #0969da } .floor { fill: #c4ccd4 }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3 }
  .rival { fill: #6e7681 } .ours { fill: #4493f8 } .floor { fill: #484f58 }
}`
const [width, left, row] = [760, 250, 22]

/** Writes one file with two charts: a WebAuthn authentication and a TOTP code. */
export function drawPlots({ webauthn, totp }) {
  if (!webauthn || !totp) return
  const charts = [
    ['One ES256 authentication, verified', webauthn.figures.authentication.ES256],
    ['One wrong TOTP code, window 1', totp.figures.wrong],
  ]
  let top = 8
  const drawn = charts.map(([title, figures]) => {
    const text = chart(title, bars(figures), top)
    top += row * (bars(figures).length + 2)
    return text
  })
  const size = `width="${width}" height="${top}" viewBox="0 0 ${width} ${top}"`
  const head = `<svg xmlns="http://www.w3.org/2000/svg" ${size} role="img">`
  const label = '<title>Microseconds of one verification: shorter is faster</title>'
  writeFileSync(place('speed.svg'), `${head}${label}<style>${style}</style>\n${drawn.join('\n')}\n</svg>\n`)
}

/** The core alone is left out, because it is part of the first bar. */
function bars(figures) {
  const all = Object.entries(figures).filter(([name]) => !name.startsWith('core alone'))
  return all.map(([name, { microseconds }]) => [name, microseconds]).toSorted(([, one], [, other]) => one - other)
}

function chart(title, bars, top) {
  const longest = Math.max(...bars.map(([, value]) => value))
  const scale = (width - left - 80) / longest
  const lines = bars.map(([name, value], index) => {
    const y = top + row * (index + 1)
    const length = round(value * scale)
    const kind = name === 'countersign' ? 'ours' : name.includes('bare') ? 'floor' : 'rival'
    const bar = `<rect class="${kind}" x="${left}" y="${y + 3}" width="${length}" height="${row - 7}" rx="2"/>`
    const label = `<text x="${left - 8}" y="${y + 15}" text-anchor="end">${name}</text>`
    return `${label}${bar}<text class="value" x="${left + length + 6}" y="${y + 15}">${figure(value)}</text>`
  })
  return [`<text class="title" x="8" y="${top + 14}">${title}: microseconds</text>`, ...lines].join('\n')
}

const round = (value) => Math.max(1, Math.round(value * 10) / 10)
const figure = (value) => (value < 10 ? value.toFixed(1) : String(Math.round(value)))

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  drawPlots(JSON.parse(readFileSync(place('results.json'), 'utf8')))
}
