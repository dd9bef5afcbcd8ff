// What answers where Roster should.
import { type IncomingMessage, request as plain } from 'node:http'
import { request as secure } from 'node:https'
import type { TLSSocket } from 'node:tls'
import type { Config } from '../platform/config/config.ts'
import { reachable } from '../platform/config/parse.ts'
import { expiryOf } from '../platform/expiry.ts'
import type { Finding } from '../platform/finding.ts'
import { createMailer } from '../platform/mail/mailer.ts'
import { createOutbound } from '../platform/outbound/connect.ts'

/** Milliseconds; bytes; characters. */
const ANSWER = 5_000
const MAX_ANSWER = 64 * 1024
const MAX_SHOWN = 200

export async function checkMail(config: Config): Promise<Finding[]> {
  if (config.smtpUrl === null) return [{ about: 'mail', status: 'ok', detail: 'none is sent: SMTP_URL is not set' }]
  const log = { warn() {} }
  const mailer = createMailer(config, { outbound: createOutbound(config.outbound), log, timeoutMs: ANSWER })
  const reason = await mailer.verify().finally(() => mailer.close())
  const { host } = new URL(config.smtpUrl)
  if (reason === null) return [{ about: 'mail', status: 'ok', detail: `${host} takes mail` }]
  const fix = 'Correct SMTP_URL, or start the mail server. Without it invitations have to be handed over otherwise.'
  return [{ about: 'mail', status: 'fault', detail: `${host} does not take mail: ${reason}`, fix }]
}

/** Of this machine. */
export async function checkServer({ port, host, certificate }: Config): Promise<Finding[]> {
  const about = 'server'
  if (port === 0) return [{ about, status: 'ok', detail: 'not looked for: PORT is 0' }]
  const url = new URL(`${certificate === null ? 'http' : 'https'}://${reachable(host)}:${port}/health/ready`)
  try {
    // Nothing is sent, and the name is not that of the certificate.
    const { status, body } = await get(url, { rejectUnauthorized: false })
    if (isHealthy(status, body)) return [{ about, status: 'ok', detail: `ready at ${url.host}` }]
    const { message } = (parsed(body) ?? {}) as { message?: unknown }
    const reason = typeof message === 'string' ? `: ${message.slice(0, MAX_SHOWN)}` : ''
    if (status === 503) return [{ about, status: 'fault', detail: `not ready at ${url.host}${reason}`, fix: LOG }]
    const fix = 'Stop the other program, or set PORT to a free port.'
    return [{ about, status: 'fault', detail: `what answers at ${url.host} is no Roster (status ${status})`, fix }]
  } catch (error) {
    const detail = `none answers at ${url.host}: ${reasonOf(error)}`
    return [{ about, status: 'warning', detail, fix: `Start it with \`roster serve\`. ${LOG}` }]
  }
}

const LOG = 'The log of the server has the reason.'

/** By the proxy, where it is set. */
export async function checkPublicUrl({ publicUrl }: Config): Promise<Finding[]> {
  const about = 'public URL'
  const url = new URL(`${publicUrl}/health/live`)
  try {
    const { status, body, until } = await get(url, {})
    const fix = 'Renew the certificate of the proxy.'
    const certificate = until === null ? [] : [expiryOf(`that of ${url.host}`, until, { now: new Date(), fix })]
    if (isHealthy(status, body)) return [{ about, status: 'ok', detail: `${publicUrl} leads here` }, ...certificate]
    const way = 'Let the proxy pass all paths below PUBLIC_URL to Roster, and start Roster (docs/proxies.md).'
    return [
      { about, status: 'fault', detail: `${publicUrl} does not lead to Roster: status ${status}`, fix: way },
      ...certificate,
    ]
  } catch (error) {
    const fix = 'Correct PUBLIC_URL, DNS or the proxy. Some networks do not let a machine reach its own public address.'
    return [{ about, status: 'warning', detail: `${publicUrl} cannot be reached: ${reasonOf(error)}`, fix }]
  }
}

interface Response {
  readonly status: number
  readonly body: string
  /** Of its certificate. */
  readonly until: Date | null
}

const isHealthy = (status: number, body: string): boolean =>
  status === 200 && (parsed(body) as { status?: unknown } | null)?.status === 'ok'

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

function reasonOf(error: unknown): string {
  const { code, name, message } = error as NodeJS.ErrnoException
  return name === 'AbortError' || name === 'TimeoutError' ? `no answer within ${ANSWER / 1000} s` : (code ?? message)
}

function get(url: URL, options: { rejectUnauthorized?: boolean }): Promise<Response> {
  return new Promise((resolve, reject) => {
    const send = url.protocol === 'https:' ? secure : plain
    const sent = send(url, { ...options, agent: false, signal: AbortSignal.timeout(ANSWER) }, answer =>
      read(answer).then(resolve, reject),
    )
    sent.on('error', reject)
    sent.end()
  })
}

async function read(answer: IncomingMessage): Promise<Response> {
  const { valid_to: end } = (answer.socket as TLSSocket).getPeerCertificate?.() ?? {}
  let body = ''
  answer.setEncoding('utf8')
  for await (const chunk of answer) {
    body += chunk
    if (body.length > MAX_ANSWER) break
  }
  return { status: answer.statusCode ?? 0, body, until: end === undefined ? null : new Date(end) }
}
