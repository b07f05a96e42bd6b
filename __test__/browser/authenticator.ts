import type { CDPSession, Page } from 'playwright-core'

export interface KeyOptions {
  protocol?: 'ctap2' | 'u2f'
  transport?: 'usb' | 'internal'
  hasResidentKey?: boolean
  hasUserVerification?: boolean
  isUserVerified?: boolean
  /** What it can do besides. */
  ctap2Version?: 'ctap2_0' | 'ctap2_1'
  hasPrf?: boolean
  hasLargeBlob?: boolean
  hasCredBlob?: boolean
  hasMinPinLength?: boolean
}

/** A device that holds passkeys and knows its owner. */
export const passkeyDevice = {
  transport: 'internal',
  hasResidentKey: true,
  hasUserVerification: true,
  isUserVerified: true,
} as const satisfies KeyOptions

interface VirtualCredential {
  isResidentCredential: boolean
  signCount: number
  userName?: string
  userDisplayName?: string
}

/** A security key in the browser's socket, by the DevTools protocol. */
export class VirtualKey {
  private constructor(
    private readonly session: CDPSession,
    private readonly authenticatorId: string,
  ) {}

  static async plugIn(page: Page, options: KeyOptions = {}): Promise<VirtualKey> {
    const session = await page.context().newCDPSession(page)
    await session.send('WebAuthn.enable')
    const { authenticatorId } = await session.send('WebAuthn.addVirtualAuthenticator', {
      options: { protocol: 'ctap2', transport: 'usb', automaticPresenceSimulation: true, ...options },
    })
    return new VirtualKey(session, authenticatorId)
  }

  async credentials(): Promise<VirtualCredential[]> {
    return (await this.session.send('WebAuthn.getCredentials', { authenticatorId: this.authenticatorId })).credentials
  }

  /** Puts a credential of another time into it; `rpId` is what it was registered for, as the key sees it. */
  async insert(credential: { id: string; rpId: string; privateKey: Buffer; signCount: number }): Promise<void> {
    await this.session.send('WebAuthn.addCredential', {
      authenticatorId: this.authenticatorId,
      credential: {
        credentialId: Buffer.from(credential.id, 'base64url').toString('base64'),
        isResidentCredential: false,
        rpId: credential.rpId,
        privateKey: credential.privateKey.toString('base64'),
        signCount: credential.signCount,
      },
    })
  }

  /** Forgets its credentials; the browser then answers as it does when a person closes the prompt. */
  async clear(): Promise<void> {
    await this.session.send('WebAuthn.clearCredentials', { authenticatorId: this.authenticatorId })
  }

  /** Whether it is touched by itself. */
  async touch(enabled: boolean): Promise<void> {
    const { authenticatorId } = this
    await this.session.send('WebAuthn.setAutomaticPresenceSimulation', { authenticatorId, enabled })
  }

  /** Whether the next check of PIN or fingerprint succeeds. */
  async userVerified(isUserVerified: boolean): Promise<void> {
    await this.session.send('WebAuthn.setUserVerified', { authenticatorId: this.authenticatorId, isUserVerified })
  }

  async unplug(): Promise<void> {
    await this.session.send('WebAuthn.removeVirtualAuthenticator', { authenticatorId: this.authenticatorId })
  }
}
