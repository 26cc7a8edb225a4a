import { execFile } from 'node:child_process'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import type { Test } from 'tap'
import { temporaryFolder } from '../temporary-folder.ts'

const run = promisify(execFile)

/** How to run a program that uses one of the clients. */
export interface CommandLine {
  readonly command: string
  readonly parameters: readonly string[]
  readonly env: Readonly<Record<string, string | undefined>>
}

/** A client in another language, and what its tests need to know of that. */
export interface Language {
  readonly name: string
  readonly readme: string
  /** What a code block in its README begins with. */
  readonly fence: string
  /** The program that the tests tell what to call. */
  callingProgram(t: Test): Promise<CommandLine>
  /** The text of a program, as its README shows one. */
  program(t: Test, write: (file: string) => Promise<void>): Promise<CommandLine>
  /** What its compiler, linter and formatter complain of; empty if nothing. */
  complaints(): Promise<string>
}

const PYTHON = { program: 'python3', packages: 'python3' }
const GO = { program: 'go', packages: 'golang-go' }

/** No cache beside the sources. */
const PYTHON_ENV = { ...process.env, PYTHONPATH: resolve('client/python'), PYTHONDONTWRITEBYTECODE: '1' }
/** Nothing is fetched: neither modules nor another compiler. */
const GO_ENV = { ...process.env, GOPROXY: 'off', GOTOOLCHAIN: 'local', GOWORK: 'off', GOFLAGS: '' }
const GO_FOLDERS = ['client/go', 'tests/clients/go']

/** What it printed. @throws if it is not installed, and says what to install; if it fails, with what it said. */
async function use(
  { program, packages }: typeof GO,
  parameters: readonly string[],
  options: { readonly env: NodeJS.ProcessEnv; readonly cwd?: string },
): Promise<string> {
  const { stdout, stderr } = await run(program, [...parameters], options).catch((error: Error) => {
    if (!('code' in error) || error.code !== 'ENOENT') throw error
    throw new Error(`${program} is missing: apt-get install ${packages}`)
  })
  return stdout + stderr
}

async function buildGo(t: Test, folder: string): Promise<CommandLine> {
  const program = join(await temporaryFolder(t), 'program')
  await use(GO, ['build', '-o', program, '.'], { cwd: folder, env: GO_ENV })
  return { command: program, parameters: [], env: GO_ENV }
}

/** What makes a folder a program that uses the client, as the README says. */
async function makeModule(folder: string): Promise<void> {
  const inFolder = { cwd: folder, env: GO_ENV }
  await use(GO, ['mod', 'init', 'example'], inFolder)
  const client = ['-require=wallet-service/wallet@v0.0.0', `-replace=wallet-service/wallet=${resolve('client/go')}`]
  await use(GO, ['mod', 'edit', ...client], inFolder)
}

const python: Language = {
  name: 'Python',
  readme: 'client/python/README.md',
  fence: 'python',
  callingProgram: async () => ({
    command: PYTHON.program,
    parameters: ['tests/clients/python/program.py'],
    env: PYTHON_ENV,
  }),
  async program(t, write) {
    const file = join(await temporaryFolder(t), 'example.py')
    await write(file)
    return { command: PYTHON.program, parameters: [file], env: PYTHON_ENV }
  },
  // Compiled in memory: so warnings are errors, and nothing is left beside the sources.
  complaints: () =>
    use(PYTHON, ['-W', 'error', '-c', COMPILE, 'client/python', 'tests/clients/python'], { env: PYTHON_ENV }),
}

const COMPILE = `
import pathlib, sys
for folder in sys.argv[1:]:
    for file in pathlib.Path(folder).rglob("*.py"):
        compile(file.read_text(encoding="utf-8"), str(file), "exec")
`

const go: Language = {
  name: 'Go',
  readme: 'client/go/README.md',
  fence: 'go',
  callingProgram: (t) => buildGo(t, 'tests/clients/go'),
  async program(t, write) {
    const folder = await temporaryFolder(t)
    await write(join(folder, 'main.go'))
    await makeModule(folder)
    return buildGo(t, folder)
  },
  async complaints() {
    const vetted = await Promise.all(GO_FOLDERS.map((cwd) => use(GO, ['vet', './...'], { cwd, env: GO_ENV })))
    // It comes with the compiler, though not always on the PATH.
    const formatter = join((await use(GO, ['env', 'GOROOT'], { env: GO_ENV })).trim(), 'bin/gofmt')
    return vetted.join('') + (await use({ ...GO, program: formatter }, ['-l', ...GO_FOLDERS], { env: GO_ENV }))
  },
}

export const LANGUAGES: readonly Language[] = [python, go]

/** @throws if one is missing, and says what to install. */
export async function checkToolchains(): Promise<void> {
  await use(PYTHON, ['--version'], { env: PYTHON_ENV })
  await use(GO, ['version'], { env: GO_ENV })
}
