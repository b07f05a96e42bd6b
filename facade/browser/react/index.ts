'use client'
export { Settings, SignIn, type ElementProps, type SettingsProps, type SignInProps } from './elements.js'
export { useSettings, type UseSettings, type UseSettingsOptions } from './use-settings.js'
export { useSecondFactor, type UseSecondFactor, type UseSecondFactorOptions } from './use-second-factor.js'
