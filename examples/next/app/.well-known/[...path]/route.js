import { passkeyPages } from '../../../lib/sessions.js'

export { passkeyPages as GET }
