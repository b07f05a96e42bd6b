// For pages and actions, which don't receive the request. Route handlers do, so they call `sessions`.
import { secondFactor } from 'countersign/http/next'
import { cookies, headers } from 'next/headers'
import { redirect } from 'next/navigation'
import { sessions } from './sessions.js'

export const { check, requireSecondFactor, signIn, signOut, user } = secondFactor(sessions, {
  headers,
  cookies,
  redirect,
  signIn: '/sign-in',
})
