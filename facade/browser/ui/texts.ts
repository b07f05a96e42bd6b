/** By the plural categories of the locale (`Intl.PluralRules`); `{count}` is the number. */
export interface Plural {
  zero?: string
  one?: string
  two?: string
  few?: string
  many?: string
  other: string
}

type Table = typeof english

/** Every text of the elements. `{name}` stands for what is put in there. */
export type Texts = { [Name in keyof Table]: Table[Name] extends string ? string : Plural }

export const english = {
  /** A BCP 47 tag: for dates and plurals. */
  locale: 'en',
  loading: 'One moment …',
  retry: 'Try again',
  continue: 'Continue',
  cancel: 'Cancel',
  close: 'Close',
  copy: 'Copy',
  copied: 'Copied.',
  notCopied: 'The browser did not allow copying: select the text instead.',
  or: 'or',
  fillIn: 'Fill this in first.',

  // Sign-in
  passkeySignIn: 'Sign in with a passkey',
  secondStep: 'Second step',
  secondStepLead: 'Now show that it is you.',
  useKey: 'Use security key or passkey',
  noKeyHere: 'This browser can’t use your security key or passkey.',
  appCode: 'Code from your authenticator app',
  yubicoCode: 'One-time password of your YubiKey',
  yubicoHint: 'Put the cursor here and touch the key.',
  useRecovery: 'Use a recovery code',
  recoveryCode: 'Recovery code',
  recoveryContinue: 'Continue with this code',
  recoveryLeft: {
    one: '{count} code is left. It works once.',
    other: '{count} codes are left. Each one works once.',
  } as Plural,
  recoveryNone: 'All your recovery codes are used.',
  removeLost: 'I have lost my other factors: remove them, so that I can add new ones',
  lockedTotp: 'Codes from your authenticator app are locked after too many wrong ones.',
  lockedRecovery: 'Recovery codes are locked after too many wrong ones.',
  lockedYubico: 'One-time passwords are locked after too many wrong ones.',
  unlockOther: 'Another of your factors unlocks them.',
  nothingOffered: 'None of your factors can be used right now. Ask whoever runs this site for help.',
  locked: 'Too many wrong codes. Sign in again with your key, your passkey or a recovery code to unlock them.',
  signedIn: 'You are signed in.',
  signedInBy: 'You are signed in with a recovery code',
  lastCodes: {
    one: 'Only {count} recovery code is left: make new ones in your settings.',
    other: 'Only {count} recovery codes are left: make new ones in your settings.',
  } as Plural,
  noCodesLeft: 'That was your last recovery code: make new ones in your settings.',
  removed: 'Removed: {names}. Add a new factor in your settings.',
  removedNone: 'There was no other factor to remove.',

  // A first factor that the site asks for during a sign-in
  required: 'Set up a second factor',
  requiredLead: 'This site asks for a second factor beside your password.',
  enrolTooLate: 'It is a while since you gave your password. Sign in again.',
  codesOffer: 'Make recovery codes',
  codesOfferLead: 'They let you in when your phone or key is lost or broken.',
  later: 'Not now',

  // Settings
  settings: 'Sign-in security',
  factors: 'Your factors',
  noFactors: 'None yet: your password alone opens this account.',
  addFactor: 'Add a factor',
  app: 'Authenticator app',
  appLead: 'A code of six digits from your phone',
  key: 'Security key',
  keyLead: 'Touch a key that you plug in or hold close',
  passkey: 'Passkey',
  passkeyLead: 'Fingerprint, face or PIN of your device; works without a password',
  noKeysHere: 'Security keys and passkeys can’t be used in this browser or at this address.',
  u2f: 'Security key (U2F)',
  yubico: 'YubiKey one-time password',
  added: 'added {date}',
  lastUsed: 'last used {date}',
  badgeOff: 'Off',
  badgeLocked: 'Locked',
  rename: 'Rename',
  turnOff: 'Turn off',
  turnOn: 'Turn on',
  remove: 'Remove',
  /** What a screen reader calls the buttons of a row: such as "Rename Phone". */
  actionOn: '{action} {name}',
  renameTitle: 'Rename factor',
  name: 'Name',
  save: 'Save',
  renamed: 'Renamed to {name}.',
  isOff: '{name} is off.',
  isOn: '{name} is on.',
  wasAdded: '{name} was added.',
  wasRemoved: '{name} was removed.',
  removeTitle: 'Remove {name}?',
  removeLead: 'It can no longer be used to sign in.',
  removeLast:
    'This is your last factor: after this your password alone opens this account, and the recovery codes go too.',
  adviseFactor: 'Add a second factor, so that your password alone opens nothing.',
  adviseCodes: 'Make recovery codes, so that a lost phone or key does not lock you out.',
  adviseLocked: 'Codes are locked after too many wrong ones. Sign in with a key or a recovery code to unlock them.',
  adviseLast: {
    one: 'Only {count} of your recovery codes is left: make new ones.',
    other: 'Only {count} of your recovery codes are left: make new ones.',
  } as Plural,
  adviseNone: 'All your recovery codes are used: make new ones.',
  signInFirst: 'Sign in to see your settings.',

  // Enrolment
  addApp: 'Add an authenticator app',
  scan: 'Scan this with the app on your phone.',
  qr: 'QR code of the secret below',
  typeSecret: 'Or type the secret into the app:',
  openApp: 'Open the app on this device',
  typeCode: 'Type the code that the app shows',
  nameFactor: 'Name this factor',
  addAppAction: 'Add authenticator app',
  defaultApp: 'Phone',
  addKey: 'Add a security key',
  addKeyLead: 'Have it at hand: your browser will ask you to touch it.',
  addPasskey: 'Add a passkey',
  addPasskeyLead: 'Your browser will ask for your fingerprint, your face or a PIN.',
  enrolRejected: 'The code is wrong, or this took too long. Wait for a new code and try again.',
  registrationRejected: 'The server refused this key, or it took too long. Close this and start again.',
  nothingAdded: 'Nothing was added yet.',
  nothingChanged: 'Nothing was changed yet.',

  // Recovery codes
  recovery: 'Recovery codes',
  recoveryNever: 'For the day when your other factors are out of reach.',
  recoveryState: {
    one: '{count} code left, made on {date}.',
    other: '{count} codes left, made on {date}.',
  } as Plural,
  makeCodes: 'Make recovery codes',
  makeNewCodes: 'Make new codes',
  makeNewTitle: 'Make new recovery codes?',
  makeNewLead: 'The codes that you have stop working.',
  yourCodes: 'Your recovery codes',
  yourCodesLead:
    'Each one signs you in once when your other factors are out of reach. ' +
    'They are shown only now: keep them in a safe place.',
  print: 'Print',
  download: 'Download',
  codesFile: 'recovery-codes.txt',
  /** Heads the printed and the downloaded codes. */
  codesFor: 'Recovery codes for {site}, made on {date}',
  saved: 'I have saved them',

  // Step-up
  confirm: 'Confirm that it is you',
  confirmLead: 'Factors can be changed for a few minutes after this.',

  // Refusals
  rejected: 'That was not right. Try again.',
  malformed: 'That does not look like a code. Check it and try again.',
  tooManyWrong: 'Too many wrong codes.',
  passkeyRejected: 'This passkey is not known here, or it took too long. Try again.',
  alreadyEnrolled: 'This key or device is already one of your factors.',
  notFirst: 'You have another factor by now. Close this and start again.',
  factorLimit: 'You have as many factors as an account can hold.',
  noSuchFactor: 'This factor is gone already.',
  lastFactor: 'This is your last factor that is on. Add another one first, or remove this one.',
  notChangeable: 'This factor can’t be changed.',
  factorRequired: 'Add another factor first.',
  invalid: 'Something you typed is too long or has characters that can’t be stored.',

  // What goes wrong
  network: 'The server does not answer. Check your connection and try again.',
  signedOut: 'Your sign-in has ended. Sign in again.',
  stepUpFirst: 'It is a while since you signed in. Sign in again to change this.',
  failed: 'Something went wrong. Try again in a moment.',

  // Ceremonies
  cancelled: 'Nothing came from a key or passkey: it was cancelled, or none of yours is here.',
  timeout: 'That took too long. Try again.',
  aborted: 'That was interrupted. Try again.',
  notSupported: 'This browser or key can’t do that.',
  insecureContext: 'Keys and passkeys need a secure connection.',
  invalidDomain: 'Keys and passkeys don’t work at this address.',
}

export type TextName = { [Name in keyof Texts]: Texts[Name] extends string ? Name : never }[keyof Texts]
export type PluralName = Exclude<keyof Texts, TextName>
