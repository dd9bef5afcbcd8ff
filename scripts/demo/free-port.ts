import { once } from 'node:events'
import { createServer } from 'node:net'

/** Below the ephemeral ports of Linux and macOS: no outgoing connection takes the port between this and the server's listen. */
const [FIRST, LAST] = [10_000, 32_000]

/** A port of 127.0.0.1 on which nothing listens. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = FIRST + Math.floor(Math.random() * (LAST - FIRST))
    const server = createServer().listen(port, '127.0.0.1')
    try {
      await once(server, 'listening')
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE') continue
      throw error
    }
    server.close()
    await once(server, 'close')
    return port
  }
}
