// Tests on an emulated processor, by `scripts/lib/elsewhere/whole-suite.mjs`.

/** It takes ten times as long: what starts processes again and again does so less often there, and may take longer. */
const emulated = process.env.COUNTERSIGN_EMULATED === '1'

export const fewer = (usual: number): number => (emulated ? Math.ceil(usual / 10) : usual)

/** Seconds or milliseconds. */
export const longer = (usual: number): number => (emulated ? usual * 10 : usual)

/** Of a server: who comes back late finds its connection open. */
export const keepAlive = { keepAliveTimeout: longer(5000) }

/** The Node that runs tools with native parts of their own, which are installed for this machine: not an emulated one. */
export const nodeOfTools = process.env.COUNTERSIGN_NODE_OF_TOOLS ?? process.execPath
