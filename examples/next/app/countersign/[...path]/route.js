import { sessions } from '../../../lib/sessions.js'

const { handler } = sessions

export { handler as GET, handler as POST, handler as PATCH, handler as DELETE }
