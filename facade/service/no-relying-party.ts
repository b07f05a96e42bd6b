/** In the options of `open()`: the relying party is a stand-in, so that no credential is noted as one of it. @internal */
export const noRelyingParty: unique symbol = Symbol('noRelyingParty')
