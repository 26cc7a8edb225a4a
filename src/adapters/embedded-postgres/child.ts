import type { ChildProcess } from 'node:child_process'

/** Ends the child when this process ends in any way but `kill -9`. */
export function endWithUs(child: ChildProcess): void {
  const end = () => child.kill('SIGINT')
  process.on('exit', end)
  child.once('exit', () => process.off('exit', end))
}
