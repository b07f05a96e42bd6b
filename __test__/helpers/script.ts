/** A module of `scripts/lib`, which is not compiled and has no types. */
export const script = (name: string) => import(new URL(`../../../scripts/lib/${name}`, import.meta.url).href)
