const list = /export const \{[^}]*\}/

/** `native.js` with the names that `binding.js`, the generated loader, exports. */
export function withExports(native, binding) {
  const names = [...binding.matchAll(/^export \{ (\w+) \}$/gm)].map(([, name]) => name)
  if (names.length === 0 || !list.test(native)) throw new Error('binding.js or native.js has no list of exports')
  return native.replace(list, `export const {\n${wrapped(names)}\n}`)
}

/** Lines of at most 120 characters. */
function wrapped(names) {
  const lines = ['']
  for (const name of names) {
    if (lines.at(-1).length + name.length + 2 > 118) lines.push('')
    lines[lines.length - 1] += ` ${name},`
  }
  return lines.map((line) => ` ${line}`).join('\n')
}
