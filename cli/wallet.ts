import { readFileSync } from 'node:fs'
import { interruption } from './interruption.ts'
import { print, say } from './output.ts'
import { runCommandLine } from './run.ts'

/** This file runs from `dist/cli`. */
const PACKAGE = new URL('../../package.json', import.meta.url)

const { version } = JSON.parse(readFileSync(PACKAGE, 'utf8'))
const exitCode = await runCommandLine(process.argv.slice(2), version, { print, say, interruption, env: process.env })
// Commands that need no service set their own.
if (exitCode !== 0) process.exitCode = exitCode
