/** What the person reads: of the server's errors, of refusals, of the browser's own errors in a ceremony. */
const messages = {
  // errors of the server
  'bad-name': 'Choose a name of 1 to 64 ordinary characters.',
  'short-password': 'Choose a password of at least 8 characters.',
  'name-taken': 'This name is taken.',
  'wrong-password': 'Name or password is wrong.',
  'too-many': 'Too many tries. Wait a quarter of an hour and try again.',
  'signed-out': 'Your sign-in has ended. Sign in again.',
  'factor-required': 'Add another factor first.',
  'factor-limit': 'You have as many factors as an account can hold.',
  invalid: 'Something you typed is too long or has characters that can’t be stored.',
  network: 'The server does not answer. Check your connection and try again.',
  // refusals
  rejected: 'That was not right. Try again.',
  malformed: 'That does not look like a code. Check it and try again.',
  locked: 'Too many wrong codes.',
  'already-enrolled': 'This factor is already one of yours.',
  'not-first': 'You have another factor by now. Close this and start again.',
  'last-factor': 'This is your last factor that is on. Add another one first, or remove this one.',
  'no-such-factor': 'This factor is gone already.',
  'not-changeable': 'This factor can’t be changed.',
  // ceremonies
  cancelled: 'Nothing came from a key or passkey: it was cancelled, or none of yours is here.',
  timeout: 'That took too long. Try again.',
  aborted: 'That was interrupted. Try again.',
  'already-registered': 'This key or device is already one of your factors.',
  'not-supported': 'This browser or key can’t do that.',
  'insecure-context': 'Keys and passkeys need a secure connection.',
  'invalid-domain': 'Keys and passkeys don’t work at this address.',
}

export function messageOf(code) {
  return messages[code] ?? 'Something went wrong. Try again in a moment.'
}
