import { readFileSync, rmSync } from 'node:fs'

/*
 * Loaded before a service (node --import): its clock differs by as many milliseconds as the file CLOCK_SHIFT_FILE says,
 * which is read, and removed, at each SIGUSR2.
 */

const file = process.env.CLOCK_SHIFT_FILE
if (file === undefined) throw new Error('CLOCK_SHIFT_FILE is not set')
const realNow = Date.now
let shiftMs = 0
process.on('SIGUSR2', () => {
  shiftMs = Number(readFileSync(file, 'utf8'))
  rmSync(file)
})
Date.now = () => realNow() + shiftMs
