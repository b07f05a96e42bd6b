import { peer } from './peer.js'
import type { Account, EndpointContext, SessionRow } from './types.js'

/** How long an approval waits for the device; its code ends earlier or not much later. */
const approvalMilliseconds = 3_600_000

interface DeviceRow {
  id: string
  userId?: string | null
  status: string
}

/** The session that a request came with, as the database has it, and not a cookie. */
export async function storedSession(ctx: EndpointContext): Promise<{ session: SessionRow; user: Account } | undefined> {
  const found = await peer().api.getSessionFromCtx(ctx, { disableCookieCache: true, disableRefresh: true })
  if (!found) return undefined
  const stored = (await ctx.context.internalAdapter.findSession(found.session.token)) as { session: SessionRow; user: Account } | null
  return stored && new Date(stored.session.expiresAt).getTime() > Date.now() ? stored : undefined
}

/** The row of a device's code. */
export async function findDevice(ctx: EndpointContext, field: 'deviceCode' | 'userCode', value: unknown): Promise<DeviceRow | undefined> {
  if (typeof value !== 'string') return undefined
  const find = async (code: string) =>
    (await ctx.context.adapter.findOne({ model: 'deviceCode', where: [{ field, value: code }] })) as DeviceRow | null
  // People may type a user code with blanks or in lower case.
  const tidy = field === 'userCode' ? value.replaceAll(/[^a-zA-Z0-9]/g, '').toUpperCase() : value
  return (await find(value)) ?? (tidy === value ? undefined : ((await find(tidy)) ?? undefined))
}

/** Keeps that a user approved a device in a session that had proved the second factor at this time. */
export async function keepApproval(ctx: EndpointContext, device: DeviceRow, user: string, at: number): Promise<void> {
  await ctx.context.internalAdapter.createVerificationValue({
    identifier: keyOf(device.id),
    value: JSON.stringify({ user, at }),
    expiresAt: new Date(Date.now() + approvalMilliseconds),
  })
}

/** When that was; once. */
export async function takeApproval(ctx: EndpointContext, device: string, user: string): Promise<number | undefined> {
  const row = await ctx.context.internalAdapter.consumeVerificationValue(keyOf(device))
  if (!row) return undefined
  const approval = JSON.parse(row.value) as { user: string; at: number }
  return approval.user === user ? approval.at : undefined
}

function keyOf(device: string): string {
  return `countersign-device-${device}`
}
