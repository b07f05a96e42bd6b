/** Takes a browser's conversions to and from JSON away, in the page. Hand it to Playwright as it is. */
export function withoutConversions(): void {
  const statics = PublicKeyCredential as unknown as Record<string, unknown>
  delete statics['parseCreationOptionsFromJSON']
  delete statics['parseRequestOptionsFromJSON']
  delete (PublicKeyCredential.prototype as { toJSON?: unknown }).toJSON
}
