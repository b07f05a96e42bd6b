/** Marks a store that may hold users under names that no user can have, and removes them. */
export const foreignNames: unique symbol = Symbol('foreignNames')
