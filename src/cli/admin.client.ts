import { request } from 'node:http'
import { join } from 'node:path'
import { json } from 'node:stream/consumers'
import type { AdminCommand } from '../api/admin/commands.ts'
import { type AdminResponse, SOCKET_NAME, socketIn } from '../api/admin/socket.ts'

/** Milliseconds. */
const ANSWER = 60_000

/** Without what a command does not take. */
export const commandOf = (name: AdminCommand['name'], sources = false): AdminCommand => ({
  name,
  sources,
  iamid: 'bim',
  userid: null,
  address: null,
  password: null,
  grant: false,
})

/** Null when no server listens. Throws the server's error. */
export async function askServer(dataDir: string, command: AdminCommand, timeout = ANSWER): Promise<string | null> {
  const socket = socketIn(dataDir)
  try {
    const { text, failure } = await ask(socket.path, command, timeout)
    if (text !== undefined) return text
    throw new Error(failure ?? 'The response of the server is unreadable')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ECONNREFUSED' || code === 'ENOTDIR') return null
    if (code === 'EACCES' || code === 'EPERM')
      throw new Error(
        `${join(dataDir, SOCKET_NAME)} may only be opened by the user that runs the server: run the command as that user`,
      )
    throw error
  } finally {
    socket.release()
  }
}

function ask(socketPath: string, command: AdminCommand, timeout: number): Promise<AdminResponse> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json' }
    const sent = request({ socketPath, method: 'POST', path: '/', headers, timeout }, answer =>
      json(answer).then(body => resolve(body as AdminResponse), reject),
    )
    sent.on('timeout', () => sent.destroy(new Error(`The server did not answer within ${timeout / 1000} s`)))
    sent.on('error', reject)
    sent.end(JSON.stringify(command))
  })
}
