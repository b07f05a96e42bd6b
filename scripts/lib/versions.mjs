/** Cargo.toml with this version of the whole workspace. */
export function withWorkspaceVersion(toml, version) {
  return replaced(toml, /(^\[workspace\.package\]\n(?:[^[].*\n)*?version = ")[^"]*"/m, version, 'Cargo.toml has no [workspace.package] with a version')
}

/** A Cargo.lock with this version of our own crates: those that come from no registry, but for the fuzz targets. */
export function withLockedVersions(lock, version) {
  const own = /(^\[\[package\]\]\nname = "countersign-(?!fuzz")\w+"\nversion = ")[^"]*"(?!\nsource)/gm
  return replaced(lock, own, version, 'Cargo.lock has none of our crates')
}

function replaced(text, pattern, version, otherwise) {
  let found = false
  const result = text.replace(pattern, (_, before) => {
    found = true
    return `${before}${version}"`
  })
  if (!found) throw new Error(otherwise)
  return result
}
