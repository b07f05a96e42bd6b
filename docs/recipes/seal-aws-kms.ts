// Keys for `seal` that AWS KMS has wrapped: what lies beside the server opens nothing without a call of KMS, which logs it.
//
// Wrap a new key, and keep what this prints under the same id:
//   aws kms generate-data-key-without-plaintext --key-id alias/countersign --key-spec AES_256 \
//     --encryption-context countersign-key=2026-11 --query CiphertextBlob --output text
import type { SealOptions } from 'countersign'

/** What this needs of `KMS` from `@aws-sdk/client-kms`. */
export interface KmsClient {
  decrypt(input: {
    CiphertextBlob: Uint8Array
    KeyId: string
    EncryptionContext: Record<string, string>
  }): Promise<{ Plaintext?: Uint8Array | undefined }>
}

/** A wrapped key. */
export interface WrappedKey {
  id: string
  /** Base64, as the AWS command line prints it. */
  ciphertext: string
}

/**
 * @param wrapped reads the wrapped keys, the one that seals first; called again for a key that is not known yet
 * @example
 * const wrapped = async () => JSON.parse(await readFile('/etc/countersign/keys.json', 'utf8'))
 * const seal = awsKmsKeys(new KMS(), 'alias/countersign', wrapped)
 * const countersign = await Countersign.open({ rp, store, seal })
 */
export function awsKmsKeys(
  kms: KmsClient, keyId: string, wrapped: () => Promise<WrappedKey[]>,
): () => Promise<SealOptions> {
  const unwrap = async ({ id, ciphertext }: WrappedKey) => {
    const { Plaintext: key } = await kms.decrypt({
      CiphertextBlob: Buffer.from(ciphertext, 'base64'),
      KeyId: keyId,
      // A key can't be passed off as another one.
      EncryptionContext: { 'countersign-key': id },
    })
    if (!key) throw new Error('KMS gave no key')
    return { id, key }
  }
  return async () => ({ keys: await Promise.all((await wrapped()).map(unwrap)) })
}
