#!/usr/bin/env -S node --max-semi-space-size=64 --enable-source-maps
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const command = new URL('../dist/cli/wallet.js', import.meta.url)
if (!existsSync(command)) {
  const cwd = fileURLToPath(new URL('..', import.meta.url))
  // Standard output belongs to the command: what the build has to say goes to standard error.
  const { status } = spawnSync('npm', ['run', '--silent', 'build:service'], { cwd, stdio: ['ignore', 2, 2] })
  if (status !== 0) {
    process.stderr.write(`wallet: the build failed; run "npm ci" in ${cwd}, then try again\n`)
    process.exit(1)
  }
}
await import(command.href)
