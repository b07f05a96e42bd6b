import type { SessionStore } from '../../facade/stores/index.js'

/** The same store with other methods. */
export function overridingSessions(store: SessionStore, methods: Partial<SessionStore>): SessionStore {
  return {
    create: (session) => store.create(session),
    read: (key) => store.read(key),
    replace: (session, before) => store.replace(session, before),
    delete: (key) => store.delete(key),
    list: (user) => store.list(user),
    deleteAll: (user, except) => store.deleteAll(user, except),
    ...methods,
  }
}
