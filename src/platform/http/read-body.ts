import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http'
import { TooLarge, Unavailable } from '../errors.ts'
import type { Held } from './connections.ts'

/** Of authenticated callers (bim-wire-rules "Names and limits" 4). */
export const BODY_LIMIT = 1024 * 1024
export const ANONYMOUS_BODY_LIMIT = 16 * 1024

/** Nobody reads the response. */
export class ClientAborted extends Error {}

/** A chunked body may be empty. */
export function hasBody(headers: IncomingHttpHeaders): boolean {
  const length = headers['content-length']
  return (length !== undefined && length !== '0') || headers['transfer-encoding'] !== undefined
}

/**
 * undefined when empty. Throws TooLarge, by Content-Length before reading, and Unavailable without shared
 * memory; leaves the rest unread.
 */
export async function readBody(
  request: IncomingMessage,
  response: ServerResponse,
  { limit, held }: { limit: number; held: Held },
): Promise<Buffer | undefined> {
  if (Number(request.headers['content-length']) > limit) throw tooLarge(limit)
  // Until now a rejection costs the client no upload.
  if (request.headers.expect?.toLowerCase() === '100-continue') response.writeContinue()
  const chunks: Buffer[] = []
  let length = 0
  let taken = 0
  await new Promise<void>((resolve, reject) => {
    const take = (chunk: Buffer) => {
      length += chunk.length
      const fits = length <= limit && held.take(chunk.length)
      if (fits) {
        taken += chunk.length
        chunks.push(chunk)
        return
      }
      request.off('data', take)
      chunks.length = 0
      reject(
        length > limit
          ? tooLarge(limit)
          : new Unavailable('Too many request bodies are in transfer: try again shortly', { retryAfter: 5, reason: 'bodies' }),
      )
    }
    request.on('data', take)
    request.once('end', resolve)
    // Stays: the client may abort while a rejected body drains.
    request.on('error', () => reject(new ClientAborted()))
  }).finally(() => held.give(taken))
  if (length === 0) return undefined
  return chunks.length === 1 ? chunks[0] : Buffer.concat(chunks, length)
}

function tooLarge(limit: number): TooLarge {
  return new TooLarge(`The body must not be larger than ${limit} bytes`)
}
