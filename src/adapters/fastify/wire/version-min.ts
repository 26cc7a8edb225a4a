/** The version of its wallet that is recent enough for the caller; `undefined` asks for an answer of now. The schema has checked the form. */
export function versionMin({ headers }: { readonly headers: { 'wallet-version-min'?: string } }): bigint | undefined {
  const version = headers['wallet-version-min']
  return version === undefined ? undefined : BigInt(version)
}
