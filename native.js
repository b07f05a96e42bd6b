// What `#binding` stands for: finds out first whether the native addon is there, because the generated loader's own
// error names neither the platform nor the package, and a failed import can't be caught by the module that imports.
import './native-check.js'

export * from './binding.js'
