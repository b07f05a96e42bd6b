// The packages that countersign is measured against, in a package of their own: nothing else is to depend on them.
export { SettingsService, generateAuthenticationOptions, verifyAuthenticationResponse, verifyRegistrationResponse } from '@simplewebauthn/server'
export { Fido2Lib, PublicKey } from 'fido2-lib'
export * as otpauth from 'otpauth'
export * as otplib from 'otplib'
export { default as speakeasy } from 'speakeasy'
