import { type IncomingHttpHeaders, type IncomingMessage, request as send } from 'node:http'
import type { Socket } from 'node:net'
import { faultOf, IN_TIME, type Outbound, OutboundError, type TlsOptions } from './connect.ts'

export interface OutboundRequest {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Buffer | undefined
  readonly tls?: TlsOptions
  readonly signal: AbortSignal
  readonly maxBytes: number
}

export interface OutboundResponse {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
}

/** No redirects, which could leak secrets; no decompression. Throws OutboundError. */
export async function sendRequest(outbound: Outbound, url: URL, asked: OutboundRequest): Promise<OutboundResponse> {
  const isSecure = url.protocol === 'https:'
  const place = { host: url.hostname, port: Number(url.port) || (isSecure ? 443 : 80) }
  const plain = await outbound.connect(place, asked.signal)
  const socket = isSecure ? await outbound.secure(plain, place, { tls: asked.tls ?? {}, signal: asked.signal }) : plain
  try {
    return await exchange(socket, url, asked)
  } catch (error) {
    throw asked.signal.aborted ? new OutboundError('no valid answer', IN_TIME) : faultOf(error, 'no valid answer')
  } finally {
    socket.destroy()
  }
}

function exchange(
  socket: Socket,
  url: URL,
  { method = 'GET', headers = {}, body, signal, maxBytes }: OutboundRequest,
): Promise<OutboundResponse> {
  return new Promise((resolve, reject) => {
    const request = send({
      createConnection: () => socket,
      method,
      path: url.pathname + url.search,
      setHost: false,
      headers: { host: url.host, 'accept-encoding': 'identity', ...headers },
      signal,
    })
    let isAnswered = false
    request.on('response', answer => {
      isAnswered = true
      collect(answer, maxBytes).then(resolve, reject)
    })
    request.on('error', error => isAnswered || reject(error))
    // Node reports an unexpected protocol switch as a normal end.
    request.on('close', () => {
      if (!isAnswered) reject(new OutboundError('no valid answer', 'The connection was closed without an answer'))
    })
    request.end(body)
  })
}

function collect(answer: IncomingMessage, maxBytes: number): Promise<OutboundResponse> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let size = 0
    answer.on('data', (chunk: Buffer) => {
      size += chunk.length
      if (size <= maxBytes) return chunks.push(chunk)
      reject(new OutboundError('no valid answer', `The answer is longer than ${maxBytes} bytes`))
      answer.destroy()
    })
    answer.on('end', () => {
      if (!answer.complete) return reject(new OutboundError('no valid answer', 'The answer was cut off'))
      resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: Buffer.concat(chunks) })
    })
    answer.on('aborted', () => reject(new OutboundError('no valid answer', 'The answer was cut off')))
    answer.on('error', reject)
  })
}
