import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http'
import { TooLarge, Unavailable } from '../errors.ts'
import type { Held } from './connections.ts'

/** Bytes of a body from a known caller (bim-wire-rules "Names and limits" 4). */
export const BODY_LIMIT = 1024 * 1024
/** Bytes of a body from anybody: what a log-in needs. */
export const ANONYMOUS_BODY_LIMIT = 16 * 1024

/** The client left before its body was whole: there is nobody to answer. */
export class ClientAborted extends Error {}

/** Whether a body was announced; a chunked one may still turn out empty. */
export function hasBody(headers: IncomingHttpHeaders): boolean {
  const length = headers['content-length']
  return (length !== undefined && length !== '0') || headers['transfer-encoding'] !== undefined
}

/**
 * Reads an announced body of at most `limit` bytes; undefined when it is empty.
 * Throws TooLarge from Content-Length before reading, or as soon as more has come, and Unavailable where all bodies together have no room
 * for it; the rest is left on the wire.
 */
export async function readBody(
  request: IncomingMessage,
  response: ServerResponse,
  { limit, held }: { limit: number; held: Held },
): Promise<Buffer | undefined> {
  if (Number(request.headers['content-length']) > limit) throw tooLarge(limit)
  // The client waits for this word (curl with more than 1 MB), so a refusal before this line costs it no upload.
  if (request.headers.expect?.toLowerCase() === '100-continue') response.writeContinue()
  const chunks: Buffer[] = []
  let length = 0
  let taken = 0
  await new Promise<void>((resolve, reject) => {
    const take = (chunk: Buffer) => {
      length += chunk.length
      const hasRoom = length <= limit && held.take(chunk.length)
      if (hasRoom) {
        taken += chunk.length
        chunks.push(chunk)
        return
      }
      request.off('data', take)
      chunks.length = 0
      reject(length > limit ? tooLarge(limit) : new Unavailable('Too many bodies are on their way', { retryAfter: 5 }))
    }
    request.on('data', take)
    request.once('end', resolve)
    // Stays for good: the client may also leave while the rest of a refused body is drained.
    request.on('error', () => reject(new ClientAborted()))
  }).finally(() => held.give(taken))
  if (length === 0) return undefined
  return chunks.length === 1 ? chunks[0] : Buffer.concat(chunks, length)
}

function tooLarge(limit: number): TooLarge {
  return new TooLarge(`The body must not be larger than ${limit} bytes`)
}
