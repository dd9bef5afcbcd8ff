// The contract, as seen from outside: client (this file) sends, world.ts builds the state a rule needs, shape.ts compares
// an answer with a documented one, examples*.ts hold the facts, *.test.ts hold the rules. Nothing here imports src/.
import { connect } from 'node:net'

export interface Answer<T> {
  /** Method and path. */
  request: string
  status: number
  headers: Headers
  text: string
  body: T
}

export interface Sent {
  token?: string
  /** Sent as JSON. */
  json?: unknown
  /** Sent form-encoded; a list repeats its name. */
  form?: Record<string, string | string[]>
  /** Sent as it is, with `type` as its content type. */
  raw?: string | Uint8Array
  type?: string
  headers?: Record<string, string>
}

type Scalar = string | number | boolean

/** Name and value pairs; a list repeats its name. */
function pairs(parameters: Record<string, Scalar | Scalar[]>): URLSearchParams {
  const encoded = new URLSearchParams()
  for (const [name, value] of Object.entries(parameters)) {
    for (const one of [value].flat()) encoded.append(name, String(one))
  }
  return encoded
}

function payload(sent: Sent): { body?: string | Uint8Array; type?: string } {
  if (sent.raw !== undefined) return { body: sent.raw, type: sent.type }
  if (sent.form) return { body: pairs(sent.form).toString(), type: 'application/x-www-form-urlencoded' }
  if (sent.json !== undefined) return { body: JSON.stringify(sent.json), type: sent.type ?? 'application/json' }
  return { type: sent.type }
}

/** One request; redirects are not followed. `body` is the parsed JSON, or null when the answer is not JSON. */
export async function send<T = unknown>(url: string, method: string, path: string, sent: Sent = {}): Promise<Answer<T>> {
  const { body, type } = payload(sent)
  const headers: Record<string, string> = { ...sent.headers }
  if (type) headers['content-type'] = type
  if (sent.token !== undefined) headers.authorization ??= `Bearer ${sent.token}`
  const response = await fetch(url + path, { method, headers, body, redirect: 'manual' })
  const text = await response.text()
  return { request: `${method} ${path}`, status: response.status, headers: response.headers, text, body: parsed<T>(text) }
}

function parsed<T>(text: string): T {
  try {
    return JSON.parse(text) as T
  } catch {
    return null as T
  }
}

/** Sends the bytes of a request line that fetch would tidy up (dot segments, bad percent signs, raw spaces). */
export function sendRaw(url: string, method: string, target: string, token?: string): Promise<Answer<unknown>> {
  const { hostname, port } = new URL(url)
  const lines = [`${method} ${target} HTTP/1.1`, `Host: ${hostname}:${port}`, 'Connection: close']
  if (token) lines.push(`Authorization: Bearer ${token}`)
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    const socket = connect(Number(port), hostname, () => socket.write(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'))
    socket.on('data', chunk => chunks.push(chunk))
    socket.on('error', reject)
    socket.on('end', () => {
      const [head = '', ...rest] = Buffer.concat(chunks).toString('utf8').split('\r\n\r\n')
      const text = rest.join('\r\n\r\n')
      const headers = new Headers(
        head
          .split('\r\n')
          .slice(1)
          .map(line => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1).trim()] as [string, string]),
      )
      const body = parsed(text.slice(text.indexOf('{')))
      resolve({ request: `${method} ${target}`, status: Number(head.split(' ')[1]), headers, text, body })
    })
  })
}

export const query = (parameters: Record<string, Scalar | Scalar[]>) => `?${pairs(parameters)}`

export const segment = encodeURIComponent
