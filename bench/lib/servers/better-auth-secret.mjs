// The secret of everybody's app at better-auth, whose secrets are text: that of RFC 6238, and the same as an app has it.
export const secret = '12345678901234567890'
export const uri = 'otpauth://totp/Example:ann?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Example'
