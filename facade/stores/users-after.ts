/**
 * Lists users page by page, in the order of their names, from a SQL database.
 *
 * @param read answers a page of rows with `user`, those after a name; the last page is shorter than `pageSize`
 */
export async function* usersAfter(
  after: string, pageSize: number, read: (last: string) => Promise<Record<string, unknown>[]>,
): AsyncIterable<string> {
  // What would come after a NUL does not matter: no user with one is there.
  let [last = ''] = after.split('\0', 1)
  for (;;) {
    const rows = await read(last)
    for (const { user } of rows) yield (last = String(user))
    if (rows.length < pageSize) return
  }
}
