/**
 * Reads the own cost of each function from a file of callgrind that has instructions as its only event. Functions of other
 * objects than `program` have `elsewhere ` before their name.
 */
export function selfCosts(text, program) {
  const names = { ob: {}, fn: {} }
  const costs = {}
  let object = ''
  let symbol = ''
  let called = false
  for (const line of text.split('\n')) {
    const place = /^(c?)(ob|fn)=\((\d+)\)(?: (.*))?$/.exec(line)
    if (place) {
      const [, callee, kind, number, name] = place
      if (name !== undefined) names[kind][number] = name
      if (callee) continue
      if (kind === 'ob') object = names.ob[number]
      else symbol = `${object === program ? '' : 'elsewhere '}${names.fn[number]}`
    } else if (line.startsWith('calls=')) {
      // The next line is the cost of the callee, which is counted at the callee.
      called = true
    } else if (/^[+\-*\d]/.test(line)) {
      if (!called) costs[symbol] = (costs[symbol] ?? 0) + Number(line.split(' ')[1])
      called = false
    }
  }
  return costs
}
