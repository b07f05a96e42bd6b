// Compiler flags that keep a binary within the 6 MB that it may have.

/**
 * Rust: a function that is called in several places is copied into each of them only if it is small. The addon loses about 300 kB, and
 * what is counted takes 2 to 4 % more instructions. At 40 it loses 530 kB, and codes take 25 % more; with all of the core at
 * `opt-level = "s"` likewise, and a whole sign-in on `memoryStore` took 5 to 8 % longer.
 */
export const lessInlining = ['-Cllvm-args=--inline-threshold=90']

/**
 * C: aws-lc's own switch, for assemblers that lack it: AES with AVX-512, a tenth of the addon, which nothing here calls. The
 * curves keep their fast code. `-Os`: their time goes into assembler, and ES256, ES384 and EdDSA take 1 to 2 % longer. As cargo's
 * `opt-level = "s"` it would also define OPENSSL_SMALL, with which ES256 takes three times as long. And no tables for unwinding,
 * but on Windows, where all code has them: no panic passes through C.
 */
export const withoutUnused = ({ os, cpu }) => [
  '-Os',
  ...(os === 'win32' ? [] : ['-fno-asynchronous-unwind-tables', '-fno-unwind-tables']),
  ...(cpu === 'x64' ? ['-DMY_ASSEMBLER_IS_TOO_OLD_FOR_512AVX'] : []),
]

/**
 * C, for GCC on x64: with `-Os` alone it copies by an instruction (`rep movsb`) that takes longer to begin than a call of `memcpy`
 * takes for the few bytes that are copied here. Clang, which Zig has, calls it anyway.
 *
 * @param {{ cpu: string, version: string }} compiler what it builds for, and what `cc --version` prints
 */
export const callsMemcpy = ({ cpu, version }) =>
  cpu === 'x64' && version.includes('Free Software Foundation') ? ['-mstringop-strategy=libcall'] : []
