'use client'
export { Settings, SignIn, type ElementProps, type SettingsProps, type SignInProps } from './elements.js'
export { useSecondFactor, type UseSecondFactor, type UseSecondFactorOptions } from './use-second-factor.js'
