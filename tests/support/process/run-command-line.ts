import { runCommandLine } from '../../../cli/run.ts'

export interface Said {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** Runs `npx wallet …` in the test's own process. */
export async function runHere(
  parameters: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Said> {
  let stdout = ''
  let stderr = ''
  const code = await runCommandLine(parameters, '1.2.3', {
    env,
    async print(text) {
      stdout += text
    },
    say(line) {
      stderr += `${line}\n`
    },
    interruption: () => new AbortController(),
  })
  return { code, stdout, stderr }
}
