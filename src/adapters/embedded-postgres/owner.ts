import { once } from 'node:events'
import { rename, rm } from 'node:fs/promises'
import { connect, createServer, type Server } from 'node:net'
import { EmbeddedPostgresError } from './failure.ts'

const ANSWER_TIMEOUT_MS = 1000
const ATTEMPTS = 10

/**
 * Holds a folder for this process alone, by listening on a socket in it: the kernel takes that back however the
 * process ends, so that a leftover file, which nobody answers at, blocks nobody.
 *
 * @returns gives the folder back.
 */
export async function holdFolder(socketPath: string, folder: string): Promise<() => Promise<void>> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await listen(socketPath)
    } catch (error) {
      const taken = error instanceof Error && 'code' in error && error.code === 'EADDRINUSE'
      if (!taken || attempt === ATTEMPTS) throw error
      await refuseIfHeld(socketPath, folder)
      await removeLeftover(socketPath, folder)
    }
  }
}

/** Whether a process that lives holds the folder. */
export async function isHeld(socketPath: string): Promise<boolean> {
  return (await whoAnswers(socketPath)) !== undefined
}

/** Fails where the name is taken, so that of several at once one holds it. */
async function listen(socketPath: string): Promise<() => Promise<void>> {
  const server: Server = createServer((socket) => {
    socket.on('error', () => {})
    socket.end(String(process.pid))
  })
  server.listen(socketPath)
  await once(server, 'listening')
  server.unref()
  return async () => {
    server.close()
    await once(server, 'close')
  }
}

/** Another may have replaced the leftover since we asked it; then what we have moved answers, and goes back. */
async function removeLeftover(socketPath: string, folder: string): Promise<void> {
  const aside = `${socketPath}.${process.pid}`
  try {
    await rename(socketPath, aside)
  } catch {
    return
  }
  try {
    await refuseIfHeld(aside, folder)
  } catch (error) {
    await rename(aside, socketPath)
    throw error
  }
  await rm(aside, { force: true })
}

async function refuseIfHeld(socketPath: string, folder: string): Promise<void> {
  const holder = await whoAnswers(socketPath)
  if (holder === undefined) return
  throw new EmbeddedPostgresError(
    `DATA_DIR ${folder} is in use by another wallet service (process ${holder}): stop it, or give this one a DATA_DIR or a DATABASE_URL of its own`,
  )
}

/** One that takes our connection and says nothing is stopped or busy, but lives. */
function whoAnswers(socketPath: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    let answer = ''
    const socket = connect(socketPath)
    socket.setTimeout(ANSWER_TIMEOUT_MS, () => {
      resolve('unknown')
      socket.destroy()
    })
    socket.setEncoding('utf8')
    socket.on('data', (text: string) => {
      answer += text
    })
    socket.on('end', () => resolve(answer))
    socket.on('error', () => resolve(undefined))
  })
}
