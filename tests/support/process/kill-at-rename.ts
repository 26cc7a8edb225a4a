import fs from 'node:fs/promises'
import { syncBuiltinESMExports } from 'node:module'

/*
 * Loaded before a program: kills it, as `kill -9` does, just before or after it gives a folder the path that ends in what KILL_AT
 * says: "before name" or "after name".
 */

const [when, name] = (process.env.KILL_AT ?? '').split(' ')
const { rename } = fs

fs.rename = async (from, to) => {
  const isIt = String(to).endsWith(`/${name}`)
  if (isIt && when === 'before') process.kill(process.pid, 'SIGKILL')
  await rename(from, to)
  if (isIt && when === 'after') process.kill(process.pid, 'SIGKILL')
}
syncBuiltinESMExports()
