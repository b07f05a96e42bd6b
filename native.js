// What `#binding` stands for: this platform's addon, with an error of our own when it is not there. The generated loader,
// binding.js, names neither the platform nor the package then, and takes 3 ms more: it runs for a file that the host names.
import { createRequire } from 'node:module'

const require = createRequire(import.meta.url)

// `npm run targets` writes this list.
const platforms = [
  'linux-x64-gnu',
  'linux-arm64-gnu',
  'linux-x64-musl',
  'linux-arm64-musl',
  'darwin-x64',
  'darwin-arm64',
  'win32-x64-msvc',
  'win32-arm64-msvc',
]

// The build writes this list.
export const {
  BindingAuthenticationPolicy, BindingChallengeBook, BindingConfigFile, BindingConfigLock, BindingDirectory,
  BindingLock, BindingMetadata, BindingRegistrationPolicy, BindingSealing, BindingService, BindingTfaConfig,
  emptiedRecord, examineTfaConfig, joinAdditions, migrateExport, migrateTotp, openConfigFile, openDirectory,
  openService, parseTfaConfig, qrSvg, qrTerminal, readAuthenticationPolicy, readRegistrationPolicy, recordClaims,
  splitAdditions, totpCode, totpParseUri, totpSecret, totpUri, totpVerify, totpVerifyUri, verifyMetadata,
  webauthnAuthenticationOptions, webauthnRegistrationOptions, yubicoPublicId, yubicoVerify,
} = process.env.NAPI_RS_NATIVE_LIBRARY_PATH ? require('./binding.js') : load()

/** From the checkout or from this platform's package. */
function load() {
  const failures = []
  for (const name of platformNames()) {
    for (const place of [`./countersign.${name}.node`, `@countersign/binding-${name}`]) {
      try {
        return require(place)
      } catch (error) {
        failures.push([place, error])
      }
    }
  }
  throw notFound(failures)
}

function platformNames() {
  const { platform, arch } = process
  // npm installs the one that fits; where both are there, the other one fails to load.
  if (platform === 'linux') return [`linux-${arch}-gnu`, `linux-${arch}-musl`]
  return [platform === 'win32' ? `win32-${arch}-msvc` : `${platform}-${arch}`]
}

/** As a CountersignError, whose class is not to be had when the package can't be loaded. */
function notFound(failures) {
  const { platform, arch } = process
  const right = rightPlatform()
  const wanted = `@countersign/binding-${right}`
  // A binary that is there, of this platform or of the one for another C library.
  const broken = failures.filter(([, error]) => error.code !== 'MODULE_NOT_FOUND')
  const [place, cause = failures.at(-1)[1]] = broken.find(([at]) => at.includes(right)) ?? broken[0] ?? []
  const error = new Error(`no native binding for ${platform} ${arch}: ${told(place, wanted, right)}`, { cause })
  error.name = 'CountersignError'
  error.code = 'binding-not-found'
  return error
}

/** What is wrong, and what to do. */
function told(place, wanted, right) {
  if (place?.includes(right)) return `${place} can't be loaded; see the cause`
  if (!platforms.includes(right)) return 'there is no package for this platform; build it from source, as README.md says'
  const what = place ? `${place} is for another C library` : `${wanted} is not installed`
  return `${what}; install ${wanted}, and let npm install optional dependencies (no --omit=optional)`
}

/** Of the two that Linux may take, the one for the C library that Node runs on: a question of some milliseconds. */
function rightPlatform() {
  const [first, second] = platformNames()
  return second && !process.report.getReport().header.glibcVersionRuntime ? second : first
}
