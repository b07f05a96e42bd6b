// The libraries that countersign is compared with. They have their own package, so that nothing else depends on them.
export { SettingsService, generateAuthenticationOptions, verifyAuthenticationResponse, verifyRegistrationResponse } from '@simplewebauthn/server'
export { Fido2Lib, PublicKey } from 'fido2-lib'
export * as otpauth from 'otpauth'
export * as otplib from 'otplib'
export { default as speakeasy } from 'speakeasy'
