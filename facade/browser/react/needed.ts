/** What to do where React is missing or too old. */
export const needed = 'countersign/react needs React 18 or newer: npm install react@19 react-dom@19'
