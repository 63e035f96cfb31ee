/** Sockets that say nothing: somebody listens at a path, or nobody does. */

import { connect, createServer } from 'node:net'

/** Listens at that path. Gives what ends it. */
export async function listenAt(path: string): Promise<() => Promise<void>> {
  const server = createServer(socket => {
    socket.on('error', () => {})
    socket.destroy()
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen({ path, exclusive: true }, () => {
      server.off('error', reject)
      resolve()
    })
  })
  server.on('error', () => {})
  server.unref()
  return () => new Promise(resolve => server.close(() => resolve()))
}

/**
 * Whether somebody listens at that path. One that is busy does.
 * @throws where it cannot be told: the socket is another user's
 */
export function isListening(path: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const socket = connect({ path })
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ECONNREFUSED' || error.code === 'ENOENT') resolve(false)
      else if (error.code === 'EAGAIN' || error.code === 'ECONNRESET') resolve(true)
      else reject(error)
    })
  })
}
