// Why the other libraries say otherwise, where that is known. Each pattern of ids has at most one `*`, for any text, and all
// cases of a row differ in the same direction.

const atSignIn = 'In a registration only `alg` is read of a key without attestation; the rest is read at the first sign-in'

export const differences = {
  '@simplewebauthn/server': [
    {
      ids: ['public-key/es*', 'public-key/eddsa-*', 'public-key/rs256-*', 'public-key/ml-dsa-44-*', 'public-key/parameter-*'],
      why: atSignIn,
    },
    {
      ids: ['signature/es256-*', 'signature/es384-*', 'signature/es512-*'],
      why: 'r and s are taken out of BER, not only DER, and what follows them is ignored; a negative r is read as a positive one',
    },
    {
      ids: ['signature/ps256-shortened/authentication'],
      why: 'A signature of RSA-PSS without its leading zero byte is filled up by WebCrypto',
    },
    {
      ids: ['client-data/frame-*', 'client-data/top-origin-alone/registration'],
      why: '`crossOrigin` is ignored, and `topOrigin` is checked only in an authentication',
    },
    {
      ids: ['authenticator-data/attested-data-cut/registration', 'authenticator-data/object-*'],
      why: 'Bytes after the attestation object and the type of an empty statement are ignored, and the CBOR decoder takes a byte string that ends early',
    },
    { ids: ['authenticator-data/extensions-list/*'], why: 'Extension data may be any CBOR' },
    {
      ids: ['attestation-packed/by-*'],
      why: 'Certificates with keys of P-521 and Ed25519 are not read, and RSA-PSS is verified as PKCS#1',
    },
    {
      ids: [
        'attestation-packed/chain-with-root/*',
        'attestation-packed/chain-intermediate-with-root/*',
        'attestation-packed/chain-leaf-is-anchor/*',
        'attestation-fido-u2f/leaf-is-anchor/*',
      ],
      why: 'A trust anchor that also stands in `x5c` is refused as a duplicate',
    },
    {
      ids: ['attestation-packed/chain-intermediate-is-anchor/*'],
      why: 'The same: `x5c` holds the intermediate that is the trust anchor',
    },
    {
      ids: [
        'attestation-packed/chain-critical-extension/*',
        'attestation-packed/chain-issuer-*',
        'attestation-packed/chain-path-length/*',
      ],
      why: 'Signatures and times of a chain are verified; that issuers are authorities, path lengths and unknown critical extensions are not',
    },
    {
      ids: [
        'attestation-packed/leaf-aaguid-critical/*',
        'attestation-packed/leaf-without-constraints/*',
        'attestation-tpm/certificate-without-constraints/*',
      ],
      why: 'Absent basicConstraints and a critical AAGUID extension are not refused',
    },
    {
      ids: ['attestation-packed/alg-rs256/*', 'attestation-packed/self-alg-rs256/*', 'attestation-tpm/alg-of-other-kind/*'],
      why: 'The algorithm follows from the key: `alg` gives the hash alone, which is the same here',
    },
    { ids: ['attestation-packed/self-certificates-null/*'], why: '`x5c: null` counts as absent' },
    { ids: ['attestation-packed/x5c-trailing-byte/*'], why: 'Bytes after a certificate are ignored' },
    {
      ids: ['attestation-fido-u2f/certificate-rsa/*', 'attestation-fido-u2f/credential-p384/*'],
      why: 'The kinds of the two keys are not checked',
    },
    {
      ids: ['attestation-android-key/p384/*', 'attestation-android-key/right/*', 'attestation-android-key/strongbox/*'],
      why: 'The root has to stand in `x5c`, as devices send it (`with-root` is accepted)',
    },
    {
      ids: ['attestation-android-key/rs256/*'],
      why: 'The keys of certificate and credential are compared as keys of elliptic curves',
    },
    {
      ids: ['attestation-tpm/area-scheme/*', 'attestation-tpm/area-symmetric/*'],
      why: 'The words of symmetric algorithms and schemes are not read',
    },
    { ids: ['attestation-tpm/coordinate-shortened/*'], why: 'Coordinates are compared as bytes, not as numbers' },
    { ids: ['attestation-tpm/certificate-usage-among-others/*'], why: 'The first purpose has to be that of an AIK' },
    {
      ids: ['attestation-tpm/area-more/*', 'attestation-tpm/info-cut/*', 'attestation-tpm/info-more/*'],
      why: 'What follows the members that are needed is ignored',
    },
    {
      ids: ['attestation-tpm/name-unknown-hash/*'],
      why: '`nameAlg` is taken from the attested name, and that of the public area not compared with it',
    },
    {
      ids: ['attestation-tpm/signature-ecdsa-longer/*'],
      why: 'As in an authentication, what follows r and s is ignored',
    },
  ],
  'fido2-lib': [
    {
      ids: [
        'signature/es384-*',
        'signature/es512-*',
        'signature/rs384-right/*',
        'signature/rs512-right/*',
        'attestation-packed/self-*',
        'attestation-packed/by-es384/*',
        'attestation-packed/by-es512/*',
        'attestation-apple/p384/*',
        'attestation-tpm/hashes-es384-*',
      ],
      verdict: 'valid',
      why: 'ES384, ES512, RS384 and RS512 have names here, and no key of theirs verifies',
    },
    {
      ids: ['signature/es256-*'],
      why: 'r and s are read from BER, not only DER: tags, lengths and signs are not checked',
    },
    {
      ids: ['public-key/es*', 'public-key/rs256-*', 'public-key/cbor-*'],
      why: 'Coordinates may be shorter or longer, the numbers of RSA keys are not checked, and CBOR labels may be text or occur twice',
    },
    { ids: ['client-data/byte-order-mark/*'], why: 'A byte order mark is no JSON here' },
    {
      ids: ['client-data/challenge-padded/*'],
      why: 'The challenge is compared as bytes, with or without padding',
    },
    { ids: ['response/type-other/*'], why: '`type` is ignored' },
    { ids: ['authenticator-data/backed-up-not-eligible/*'], why: 'The backup flags are ignored' },
    {
      ids: ['authenticator-data/extensions-*', 'authenticator-data/trailing-*', 'authenticator-data/object-statement-*'],
      why: `Bytes after the authenticator data, the type of extension data, and that of an empty statement are ignored`,
    },
    { ids: ['attestation-packed/leaf-aaguid-*'], why: 'Of the AAGUID extension only the bytes are compared' },
    {
      ids: ['attestation-packed/alg-rs256/*', 'attestation-packed/self-alg-rs256/*', 'attestation-tpm/alg-of-other-kind/*'],
      why: 'The algorithm follows from the key: `alg` gives the hash alone, which is the same here',
    },
    { ids: ['attestation-packed/self-certificates-null/*'], why: '`x5c: null` counts as absent' },
    { ids: ['attestation-packed/x5c-trailing-byte/*'], why: 'Bytes after a certificate are ignored' },
    { ids: ['attestation-fido-u2f/certificate-rsa/*'], why: 'The kind of the certified key is not checked' },
    {
      ids: ['attestation-tpm/area-scheme/*', 'attestation-tpm/area-symmetric/*'],
      why: 'The words of symmetric algorithms and schemes are not read',
    },
    { ids: ['attestation-tpm/device-manufacturer-*'], why: 'That there is a manufacturer is checked, not how it is written' },
    { ids: ['attestation-tpm/name-unknown-hash/*'], why: '`nameAlg` of the public area is not compared with that of the name' },
    {
      ids: ['attestation-tpm/sha-1-said-signed-sha-256/*'],
      why: 'On Node 24 and newer a key verifies by SHA-256 first, and only then by SHA-1',
    },
    { ids: ['attestation-tpm/version-number/*'], why: '2 and "2.0" are the same number' },
  ],
  'webauthn-rs-core': [
    {
      ids: ['signature/es512-*', 'attestation-packed/self-es512/*', 'attestation-packed/by-es512/*'],
      why: 'Keys of P-521 are registered, and verify nothing',
    },
    {
      ids: ['public-key/rs256-*', 'attestation-android-key/rs256/*'],
      why: 'RSA keys have to have 2048 bits and an exponent of three bytes, and `android-key` is verified for keys of elliptic curves',
    },
    { ids: ['attestation-android-key/strongbox/*'], why: 'StrongBox is not known' },
    { ids: ['attestation-android-key/description-more/*'], why: 'Bytes after the description are ignored' },
    {
      ids: ['attestation-fido-u2f/certificate-*'],
      why: 'The key of the certificate is not checked, that of the credential is',
    },
    {
      ids: [
        'attestation-fido-u2f/leaf-is-anchor/*',
        'attestation-packed/chain-leaf-is-anchor/*',
        'attestation-packed/chain-intermediate-is-anchor/*',
      ],
      why: 'The attestation certificate itself and an intermediate are not taken as trust anchors',
    },
    { ids: ['attestation-none/none-with-*'], why: 'The statement of `none` is ignored' },
    { ids: ['attestation-packed/alg-*'], why: 'The algorithm follows from the key of the certificate, not from `alg`' },
    { ids: ['attestation-packed/chain-critical-extension/*'], why: 'Unknown critical extensions are not refused' },
    {
      ids: ['authenticator-data/extensions-*', 'authenticator-data/trailing-*'],
      why: 'Bytes after the authenticator data are ignored',
    },
    { ids: ['authenticator-data/object-*'], why: '`fmt` may be bytes, and the statement of `none` anything' },
    { ids: ['client-data/byte-order-mark/*'], why: 'A byte order mark is no JSON here' },
    { ids: ['client-data/challenge-padded/*'], why: 'The challenge is compared as bytes, with or without padding' },
    { ids: ['client-data/frame-*'], why: '`crossOrigin` is checked only in a registration' },
    { ids: ['client-data/top-origin-alone/*'], why: '`topOrigin` is ignored' },
    {
      ids: ['client-data/origin-*'],
      why: 'Origins are compared as parsed URLs, which have no white space, and whose user is not part of the origin',
    },
    { ids: ['public-key/cbor-duplicate-x-first/*'], why: 'Of a label that occurs twice the last counts' },
    { ids: ['public-key/parameter-alg-es384/*'], why: 'The curve is not compared with the algorithm' },
    { ids: ['response/type-other/*'], why: '`type` is ignored' },
    { ids: ['signature/rs256-shortened/*'], why: 'A signature without its leading zero byte is filled up' },
  ],
}
