import { sha256 } from '../shared/crypto.js'
import type { Step } from './locked-directory.js'

/** A line of a journal: changes that are in force together or not at all, or the end of this file. */
export interface Line {
  /** Unlike that of any other line, of any process. */
  by: string
  steps: Step[]
  /** The lines that follow count for nothing. The journal goes on in the next file. */
  end?: true
}

export interface Lines {
  lines: Line[]
  /** How many bytes were read: a last line without its end is still being written, or never will be. */
  length: number
  /** Where a line is not what was written. */
  damaged?: number
}

/**
 * A line has the first 16 digits of the JSON's SHA-256, its length in bytes, and the JSON, which has no line break. A line
 * with a mark alone goes before it: it ends what a process left that was killed while it wrote, or whose disk was full.
 * The mark tells that from a line that was written to its end. Otherwise one that lacked only its line break would get it
 * from the next, and be in force after it was given up.
 */
export function writeLine(line: Line): Buffer {
  const json = Buffer.from(JSON.stringify({ ...line, steps: line.steps.map(({ folder, name, text }) => [folder, name, text]) }))
  return Buffer.concat([Buffer.from(`${mark}\n${sumOf(json)} ${json.length} `), json, Buffer.from('\n')])
}

/** Reads all whole lines. */
export function readLines(bytes: Buffer): Lines {
  const lines: Line[] = []
  let start = 0
  for (let end = bytes.indexOf(lineBreak); end >= 0; end = bytes.indexOf(lineBreak, start)) {
    const line = readLine(bytes.subarray(start, end))
    if (line === 'damaged') return { lines, length: start, damaged: start }
    if (line !== undefined) lines.push(line)
    start = end + 1
  }
  return { lines, length: start }
}

const lineBreak = 10
const mark = '!'

/** `undefined` for no line, or one that was never written to its end: it was never answered. */
function readLine(bytes: Buffer): Line | 'damaged' | undefined {
  const begin = bytes.subarray(0, longestBegin).toString('latin1')
  if (begin === '' || begin === mark) return undefined
  const [whole = '', sum, length] = /^([0-9a-f]{16}) (\d{1,10}) /.exec(begin) ?? []
  const json = bytes.subarray(whole.length)
  if (whole !== '' && sumOf(json) === sum) return json.length === Number(length) ? parse(json) : 'damaged'
  // A file system may show zeros where nothing was written before the power failed.
  if (bytes.includes(0)) return undefined
  if (bytes.at(-1) !== mark.charCodeAt(0)) return 'damaged'
  const [cut, cutJson] = [begin.slice(0, bytes.length - 1), json.subarray(0, -1)]
  const torn = whole === '' ? isBegun(cut, bytes) : isCut(cutJson, Number(length), sum)
  return torn ? undefined : 'damaged'
}

const longestBegin = 28

function isBegun(begin: string, bytes: Buffer): boolean {
  return bytes.length <= longestBegin && /^!$|^[0-9a-f]{0,16}$|^[0-9a-f]{16} \d{0,10}$/.test(begin)
}

/** All of it may be there but its line break. */
function isCut(json: Buffer, length: number, sum: string | undefined): boolean {
  return json.length < length || (json.length === length && sumOf(json) === sum)
}

function parse(json: Buffer): Line {
  const { steps, ...rest } = JSON.parse(json.toString()) as Omit<Line, 'steps'> & { steps: [Step['folder'], string, string | null][] }
  return { ...rest, steps: steps.map(([folder, name, text]) => ({ folder, name, text })) }
}

function sumOf(bytes: Buffer): string {
  return sha256(bytes, 'hex').slice(0, 16)
}
