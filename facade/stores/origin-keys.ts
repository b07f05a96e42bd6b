/** Marks a store that can only hold the keys of credentials that a `tfa.cfg` has a place for. */
export const originKeysOnly: unique symbol = Symbol('originKeysOnly')
