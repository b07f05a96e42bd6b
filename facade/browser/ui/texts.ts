/** A text for each plural category of the locale (`Intl.PluralRules`). `{count}` is the number. */
export interface Plural {
  zero?: string
  one?: string
  two?: string
  few?: string
  many?: string
  other: string
}

type Table = typeof english

/** All texts of the elements. Placeholders such as `{name}` are filled in. */
export type Texts = { [Name in keyof Table]: Table[Name] extends string ? string : Plural }

export const english = {
  /** A BCP 47 tag: for dates and plurals. */
  locale: 'en',
  /** Between the items of a list. */
  comma: ', ',
  /** Between two sentences. */
  space: ' ',
  loading: 'Loading…',
  retry: 'Try again',
  continue: 'Continue',
  cancel: 'Cancel',
  close: 'Close',
  copy: 'Copy',
  copied: 'Copied.',
  notCopied: 'Your browser didn’t allow copying. Select the text and copy it yourself.',
  or: 'or',
  fillIn: 'Fill in this field.',

  // Sign-in
  passkeySignIn: 'Sign in with a passkey',
  secondStep: 'Two-step verification',
  secondStepLead: 'Verify that it’s you to finish signing in.',
  useKey: 'Use security key or passkey',
  noKeyHere: 'This browser can’t use your security key or passkey.',
  appCode: 'Code from your authenticator app',
  yubicoCode: 'YubiKey one-time password',
  yubicoHint: 'Select this field, then touch your YubiKey.',
  useRecovery: 'Use a recovery code',
  recoveryCode: 'Recovery code',
  recoveryContinue: 'Continue with recovery code',
  thatIsRecovery: 'That looks like a recovery code. We’ve filled it in below: continue there to use it.',
  recoveryLeft: {
    one: 'You have {count} code left. It works once.',
    other: 'You have {count} codes left. Each one works once.',
  } as Plural,
  recoveryNone: 'You have used all your recovery codes.',
  removeLost: 'I’ve lost my other sign-in methods. Remove them so I can add new ones.',
  remember: 'Remember this browser for 30 days',
  rememberHint: 'Your password alone will sign you in here. Don’t use this on a shared computer.',
  lockedTotp: 'Codes from your authenticator app are locked after too many wrong attempts.',
  lockedRecovery: 'Recovery codes are locked after too many wrong attempts.',
  lockedYubico: 'YubiKey one-time passwords are locked after too many wrong attempts.',
  /** How a lock ends. These follow the text that says what is locked. */
  unlockAt: 'You can enter codes again at {time}.',
  unlockBy: 'To unlock them now, sign in with {methods}.',
  unlockKey: 'your security key or passkey',
  unlockCode: 'a recovery code',
  unlockNever: 'Contact support to unlock them.',
  unlockOther: 'Sign in with another method to unlock them.',
  nothingOffered: 'You can’t use any of your sign-in methods right now.',
  keyNeeded: 'You need a passkey or a security key for this. Add one to your sign-in methods first.',
  keyMissing: 'You need a passkey or a security key that this site accepts, and your account has none. Contact support.',
  tryElsewhere: 'Try another browser or device. If that doesn’t help, contact support.',
  locked: 'Codes are locked after too many wrong attempts.',
  signedIn: 'You’re signed in.',
  signedInBy: 'You signed in with a recovery code',
  lastCodes: {
    one: 'You have only {count} recovery code left. Get new ones in your settings.',
    other: 'You have only {count} recovery codes left. Get new ones in your settings.',
  } as Plural,
  noCodesLeft: 'That was your last recovery code. Get new ones in your settings.',
  removed: 'Removed: {names}. Add a new sign-in method in your settings.',
  removedNone: 'You had no other sign-in methods to remove.',

  // A first factor that the site requires during a sign-in
  required: 'Set up two-step verification',
  requiredLead: 'This site requires two-step verification. Choose a method to add.',
  /** The same after a sign-in, while there is still time, and when it is over. `…Key`: only a passkey or a security key will do. */
  dueKey: 'Add a passkey or security key',
  daysLeft: {
    one: 'This site requires two-step verification. You have {count} day left to set it up.',
    other: 'This site requires two-step verification. You have {count} days left to set it up.',
  } as Plural,
  daysLeftKey: {
    one: 'This site requires a passkey or a security key. You have {count} day left to add one.',
    other: 'This site requires a passkey or a security key. You have {count} days left to add one.',
  } as Plural,
  overdue: 'This site requires two-step verification. Add a method to continue.',
  overdueKey: 'This site requires a passkey or a security key. Add one to continue.',
  enrolTooLate: 'You entered your password too long ago. For your security, please sign in again.',
  codesOffer: 'Get recovery codes',
  codesOfferLead: 'Use these if you lose your phone or key.',
  later: 'Not now',

  // Settings
  settings: 'Sign-in security',
  factors: 'Your sign-in methods',
  noFactors: 'You haven’t set up two-step verification yet.',
  onlyCodes: 'Recovery codes are your only sign-in method besides your password.',
  addFactor: 'Add a method',
  app: 'Authenticator app',
  appLead: 'Enter a six-digit code from your phone',
  keyOrPasskey: 'Passkey or security key',
  keyOrPasskeyLead: 'Use this device, your phone, or a key that you plug in',
  keyOrPasskeyChoice: 'What do you want to add?',
  key: 'Security key',
  keyLead: 'A key that you plug in or hold near your device. You use it after your password.',
  passkey: 'Passkey',
  passkeyLead: 'On this device, your phone or in a password manager. Your fingerprint, face or PIN replaces your password.',
  noKeysHere: 'Security keys and passkeys can’t be used in this browser or at this address.',
  u2f: 'Security key (U2F)',
  yubico: 'YubiKey one-time password',
  yubicoLead: 'Touch a YubiKey that types a password for you',
  added: 'added {date}',
  lastUsed: 'last used {date}',
  badgeOff: 'Off',
  badgeLocked: 'Locked',
  rename: 'Rename',
  turnOff: 'Turn off',
  turnOn: 'Turn on',
  remove: 'Remove',
  /** The name of a row's button for screen readers, such as "Rename Phone". */
  actionOn: '{action} {name}',
  renameTitle: 'Rename method',
  name: 'Name',
  save: 'Save',
  renamed: 'Renamed to {name}.',
  /** Something stored that the server can't use. */
  badgeUnusable: 'Unusable, remove it',
  unknownType: 'Unknown method',
  isOff: '{name} is off.',
  isOn: '{name} is on.',
  wasAdded: '{name} was added.',
  wasRemoved: '{name} was removed.',
  removeTitle: 'Remove {name}?',
  removeLead: 'You won’t be able to use it to sign in.',
  removeLast:
    'This is your last sign-in method. If you remove it, two-step verification is turned off ' +
    'and your recovery codes are deleted.',
  adviseFactor: 'Set up two-step verification so a stolen password isn’t enough to sign in.',
  adviseCodes: 'Get recovery codes so you can still sign in if you lose your phone or key.',
  adviseOnlyCodes: {
    one: 'You can sign in with a recovery code only {count} more time. Add another method before you use it.',
    other: 'You can sign in with a recovery code only {count} more times. Add another method before you run out.',
  } as Plural,
  adviseNoWay: 'You have no recovery codes left and no other sign-in method. Add a method now, or you won’t be able to sign in.',
  adviseLocked: 'Codes are locked after too many wrong attempts.',
  adviseLast: {
    one: 'You have only {count} recovery code left. Get new ones now.',
    other: 'You have only {count} recovery codes left. Get new ones now.',
  } as Plural,
  adviseNone: 'You have used all your recovery codes. Get new ones now.',
  adviseOne: 'You have only one sign-in method. Add another one in case you lose it.',
  adviseSynced: 'All your sign-in methods are synced passkeys. Add a security key or an authenticator app in case you lose access to them.',
  browsers: 'Remembered browsers',
  browsersLead: 'In these browsers, your password alone signs you in.',
  unnamedBrowser: 'Unknown browser',
  badgeCurrent: 'This browser',
  until: 'until {date}',
  forget: 'Sign out this browser',
  forgetAll: 'Sign out all browsers',
  wasForgotten: '{name} is no longer remembered.',
  allForgotten: 'No browser is remembered any more.',
  activity: 'Recent activity',
  activityLead: 'If you don’t recognize something here, change your password and remove methods that aren’t yours.',
  activityMore: 'Show more',
  didEnrol: 'Added: {method}',
  didUpdate: 'Changed: {method}',
  didRemove: 'Removed: {method}',
  didRemoveAll: 'All sign-in data was removed',
  didRequire: 'You were asked to set up two-step verification again',
  didVerify: 'Verified with: {method}',
  didReject: 'A verification attempt failed',
  didLock: 'Codes were locked after too many wrong attempts',
  didUnlock: 'Codes were unlocked',
  didMakeCodes: 'New recovery codes were created',
  didUseCode: 'A recovery code was used',
  didRemember: 'A browser was remembered',
  didRecognise: 'Signed in with your password in a remembered browser',
  didForget: 'A remembered browser was signed out',
  didReuse: 'A copied sign-in of a remembered browser was blocked',
  didSetDeadline: 'You were asked to add a sign-in method by a certain date',
  didClearDeadline: 'The date by which to add a sign-in method was reset',
  didOther: 'Another change',
  signInFirst: 'Sign in to see your settings.',

  // Enrolment
  addApp: 'Add an authenticator app',
  scan: 'Scan this QR code with the app on your phone.',
  qr: 'QR code with the setup key below',
  typeSecret: 'Can’t scan it? Enter this setup key in the app:',
  openApp: 'Open the app on this device',
  typeCode: 'Enter the code from the app',
  nameFactor: 'Give it a name',
  isModel: 'This is what its maker calls it: {model}.',
  addAppAction: 'Add authenticator app',
  defaultApp: 'Phone',
  addKeyOrPasskey: 'Add a passkey or security key',
  addYubico: 'Add a YubiKey',
  addYubicoAction: 'Add YubiKey',
  defaultYubico: 'YubiKey',
  yubicoRejected: 'The one-time password is wrong, or it was used before. Touch your YubiKey again.',
  enrolRejected:
    'The code is wrong, or this took too long. Wait for a new code and try again. ' +
    'If that doesn’t help, close this and start again.',
  registrationRejected: 'The server didn’t accept this key, or this took too long. Close this and start again.',
  nothingAdded: 'Nothing has been added yet.',
  nothingChanged: 'Nothing has been changed yet.',

  // Recovery codes
  recovery: 'Recovery codes',
  recoveryNever: 'Use these if you lose your phone or key.',
  recoveryState: {
    one: '{count} code left, created on {date}.',
    other: '{count} codes left, created on {date}.',
  } as Plural,
  makeCodes: 'Get recovery codes',
  makeNewCodes: 'Get new codes',
  makeNewTitle: 'Get new recovery codes?',
  makeNewLead: 'Your current codes will stop working.',
  yourCodes: 'Your recovery codes',
  yourCodesLead:
    'If you lose your phone or key, sign in with one of these codes. Each code works once. ' +
    'Save them now: they won’t be shown again.',
  print: 'Print',
  download: 'Download',
  /** The file's name. Characters that a file name can't have are replaced. */
  codesFile: 'recovery-codes-{site}-{account}.txt',
  /** The heading of printed and downloaded codes. */
  codesFor: 'Recovery codes for {site}, created on {date}, account {account}',
  saved: 'I’ve saved my codes',

  // Step-up
  confirm: 'Verify that it’s you',
  confirmLead: 'After this, you can make changes for a few minutes.',

  // Refusals
  rejected: 'That didn’t work. Try again.',
  malformed: 'That doesn’t look like a code. Check it and try again.',
  passkeyRejected: 'This passkey isn’t registered here, or this took too long. Try again.',
  alreadyEnrolled: 'You have already added this key or device.',
  authenticatorRefused: 'This key or device isn’t accepted here. Try another one.',
  unknownKey: 'This site doesn’t know this YubiKey. Use another one, or contact support.',
  notFirst: 'Another method has been added to your account. Close this and start again.',
  factorLimit: 'You can’t add more sign-in methods. Remove one first.',
  noSuchFactor: 'This method has already been removed.',
  lastFactor: 'You can’t turn off your only active method. Add another one first, or remove this one.',
  notChangeable: 'This method can’t be changed.',
  factorRequired: 'Add a sign-in method first.',
  invalid: 'What you entered is too long, or contains characters that can’t be saved.',

  // What goes wrong
  network: 'The server isn’t responding. Check your connection and try again.',
  signedOut: 'Your session has ended. Sign in again.',
  stepUpFirst: 'For your security, please sign in again to change this.',
  failed: 'Something went wrong. Try again in a moment.',
  misplaced: 'This page can’t reach the sign-in service of this site. Contact support.',
  wrongAddress: 'Signing in doesn’t work at this address. Open the site at its usual address, or contact support.',
  notSaved: 'Your answer was right, but the site didn’t save it. Try again. If that doesn’t help, contact support.',

  // Ceremonies
  cancelled: 'No security key or passkey responded. The request was cancelled, or none of yours is available here.',
  timeout: 'That took too long. Try again.',
  aborted: 'That was interrupted. Try again.',
  notSupported: 'This browser or key doesn’t support this.',
  insecureContext: 'Security keys and passkeys need a secure connection (HTTPS).',
  invalidDomain: 'Security keys and passkeys don’t work at this address.',
}

export type TextName = { [Name in keyof Texts]: Texts[Name] extends string ? Name : never }[keyof Texts]
export type PluralName = Exclude<keyof Texts, TextName>
