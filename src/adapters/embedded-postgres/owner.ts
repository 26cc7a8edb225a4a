import { once } from 'node:events'
import { rm } from 'node:fs/promises'
import { connect, createServer, type Server } from 'node:net'

/** Somebody alive holds the folder. */
export class FolderInUse extends Error {
  override readonly name = 'FolderInUse'
}

/**
 * Holds a folder for this process alone, by listening on a socket in it: the kernel takes that back however the
 * process ends, so that a leftover file, which nobody answers at, blocks nobody.
 *
 * @returns gives the folder back.
 */
export async function holdFolder(socketPath: string, folder: string): Promise<() => Promise<void>> {
  const holder = await whoAnswers(socketPath)
  if (holder !== undefined) {
    throw new FolderInUse(
      `DATA_DIR ${folder} is in use by another wallet service (process ${holder}): stop it, or give this one a DATA_DIR or a DATABASE_URL of its own`,
    )
  }
  await rm(socketPath, { force: true })
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

function whoAnswers(socketPath: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    let answer = ''
    const socket = connect(socketPath)
    socket.setEncoding('utf8')
    socket.on('data', (text: string) => {
      answer += text
    })
    socket.on('end', () => resolve(answer))
    socket.on('error', () => resolve(undefined))
  })
}
