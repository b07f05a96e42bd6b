/**
 * What each function cost by itself, of a file that callgrind wrote with instructions as its only event. A function of
 * another object than `program` has `elsewhere ` before its name.
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
      // The next line is what the callee cost, which is counted where that stands.
      called = true
    } else if (/^[+\-*\d]/.test(line)) {
      if (!called) costs[symbol] = (costs[symbol] ?? 0) + Number(line.split(' ')[1])
      called = false
    }
  }
  return costs
}
