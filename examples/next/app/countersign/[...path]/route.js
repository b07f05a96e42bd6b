import { handler } from '../../../lib/second-factor.js'

export { handler as GET, handler as POST, handler as PATCH, handler as DELETE }
