import { isDescription } from '../shared/check.js'
import type { Factor } from '../shared/factor.js'
import type { ModelName } from './options.js'

/** Adds the names of models to the factors of a result. */
export function withModels<T>(modelName: ModelName | undefined, result: T): T {
  if (!modelName || typeof result !== 'object' || result === null) return result
  const { factor, left, removed } = result as { factor?: Factor; left?: Factor[]; removed?: Factor[] }
  for (const factors of [Array.isArray(result) ? (result as Factor[]) : [], factor ? [factor] : [], left ?? [], removed ?? []]) {
    for (const one of factors) addModel(modelName, one)
  }
  return result
}

/** By now the change is stored. A name that can't be had must not make it look as if it had failed. */
function addModel(modelName: ModelName, factor: Factor): void {
  if (factor.type !== 'webauthn' || factor.aaguid === undefined || factor.aaguid === noModel) return
  try {
    const name: unknown = modelName(factor.aaguid)
    if (typeof name === 'string' && name !== '' && isDescription(name)) factor.model = { name }
  } catch {
    // No name.
  }
}

const noModel = '00000000-0000-0000-0000-000000000000'
