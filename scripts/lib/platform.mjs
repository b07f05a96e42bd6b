/** The name of this platform in napi's file and package names, such as `linux-x64-gnu`. */
export function platformName() {
  const { platform, arch } = process
  if (platform === 'linux') return `${platform}-${arch}-${isGlibc() ? 'gnu' : 'musl'}`
  if (platform === 'win32') return `${platform}-${arch}-msvc`
  return `${platform}-${arch}`
}

export const addonFile = () => `countersign.${platformName()}.node`

export const isMusl = () => process.platform === 'linux' && !isGlibc()

const isGlibc = () => Boolean(process.report.getReport().header.glibcVersionRuntime)
