import { stripVTControlCharacters } from 'node:util'

/** Lines that report success or progress: of a step that failed, everything else is worth reading. */
const routine = [
  /^\s*[✔√] /, // ava
  /^test .* \.\.\. (ok|ignored)/, /^running \d+ tests?$/, /^test result: ok\. /, // cargo test
  // cargo, whose words end in the twelfth column
  /^(?=.{12} ) *(Adding|Blocking|Checking|Compiling|Doc-tests|Documenting|Downloaded|Downloading|Finished|Fresh|Installing|Locking|Running|Updating)(?<=^.{12}) /,
  /^#\d+\s+(INITED|NEW|REDUCE|RELOAD|DONE|pulse)\b/, /^INFO: /, /^stat::/, /^\s*\d+ files found in /, // libFuzzer
  /^(Get|Hit|Ign|Fetched|Selecting|Preparing|Unpacking|Setting up|Processing|\(Reading database)\b/, // apt
]

/** A test that failed: of ava, and of cargo. */
const failing = [/^\s*[✘×] \[fail\]: (.*)$/, /^test (.*) \.\.\. FAILED$/]

/**
 * What of a failed step's output is shown: not the lines above, and at most the last `most` of what is left.
 *
 * @returns {string[]} lines, in their colours
 */
export function excerpt(output, most = 500) {
  const lines = output.trimEnd().split(/\r?\n/)
  const telling = collapsed(lines.filter((line) => !isRoutine(line)))
  // A tool that ended badly without a word about it: its last lines say at least how far it came.
  const shown = telling.length > 0 ? telling : lines.slice(-20)
  if (shown.length <= most) return shown
  return [`... ${shown.length - most} lines before these are in the log`, ...shown.slice(-most)]
}

/**
 * The tests that failed, as their runners name them in lines of their own.
 *
 * @returns {string[]}
 */
export function failedTests(output) {
  const lines = stripVTControlCharacters(output).split(/\r?\n/)
  return [...new Set(lines.flatMap((line) => failing.flatMap((pattern) => pattern.exec(line)?.[1] ?? [])))]
}

/** npm's remarks, such as which package wants another Node: they say nothing of how far it is, and many lines of it. */
const remark = /^npm (warn|WARN|notice)\b/

/** The last line that tells what a command is doing. Remarks don't: they are in the log, and in what is shown of a failed step. */
export function lastLine(text) {
  const lines = stripVTControlCharacters(text).split(/[\r\n]+/)
  return lines.findLast((line) => line.trim() !== '' && !remark.test(line))?.replaceAll(/\s+/g, ' ').trim()
}

const isRoutine = (line) => {
  const plain = stripVTControlCharacters(line)
  return routine.some((pattern) => pattern.test(plain))
}

/** No empty line at the beginning, and never two together. */
function collapsed(lines) {
  const kept = []
  for (const line of lines) {
    if (line.trim() !== '' || (kept.length > 0 && kept.at(-1).trim() !== '')) kept.push(line)
  }
  while (kept.at(-1)?.trim() === '') kept.pop()
  return kept
}
