// Failures are results: an invitation can be sent again.
import type { Socket } from 'node:net'
import { createTransport } from 'nodemailer'
import type { Logger } from 'pino'
import type { Config } from '../config/config.ts'
import { IN_TIME, type Outbound, type OutboundError } from '../outbound/connect.ts'
import { checkEmail } from '../validation.ts'

export interface InvitationMail {
  to: string
  name: string
  userid: string
  /** A secret: never logged. */
  link: string
  expires: Date
}

export interface Mailer {
  readonly configured: boolean
  /** True when accepted; never throws. */
  sendInvitation(mail: InvitationMail): Promise<boolean>
  /** Connects and logs in, sends nothing. Null when the server takes mail, else the reason; never throws. */
  verify(): Promise<string | null>
  close(): void
}

/** Milliseconds per SMTP step. */
const stepTimeout = 10_000
/** Steps per mail, queueing included, against slow servers. */
const stepsInAll = 6
const connections = 4

export function createMailer(
  config: Pick<Config, 'smtpUrl' | 'mailFrom' | 'publicUrl'>,
  {
    outbound,
    log,
    timeoutMs = stepTimeout,
  }: { outbound: Pick<Outbound, 'connect'>; log: Pick<Logger, 'warn'>; timeoutMs?: number },
): Mailer {
  const { smtpUrl } = config
  if (smtpUrl === null) return { configured: false, sendInvitation: async () => false, verify: async () => null, close() {} }

  const open = () => openTransport(smtpUrl, outbound, timeoutMs)
  let transport = open()
  let closed = false

  const renew = (failed: typeof transport) => {
    if (failed !== transport || closed) return
    transport = open()
    failed.close()
  }

  return {
    configured: true,
    async sendInvitation(mail) {
      const used = transport
      try {
        const to = { name: oneLine(mail.name), address: checkEmail('to', mail.to) }
        const sent = await used.sendMail({
          from: config.mailFrom,
          to,
          subject: 'Your Roster account',
          ...invitation(mail, config.publicUrl),
          // RFC 3834: prevents automatic replies.
          headers: { 'Auto-Submitted': 'auto-generated' },
          disableFileAccess: true,
          disableUrlAccess: true,
          signal: AbortSignal.timeout(timeoutMs * stepsInAll),
        })
        return sent.accepted.length === 1
      } catch (error) {
        const { code, responseCode, command } = error as Failure
        // A server may quote the mail with its link.
        log.warn({ userid: mail.userid, code, responseCode, command }, 'invitation mail failed')
        if (responseCode === 421 || outageCodes.has(code ?? '')) renew(used)
        return false
      }
    },
    async verify() {
      try {
        await transport.verify()
        return null
      } catch (error) {
        const { code, responseCode, command } = error as Failure
        // Text of the server could repeat the password.
        const parts = [REASONS[code ?? ''], responseCode, command && `at ${command}`].filter(Boolean)
        return parts.join(' ') || 'no valid answer'
      }
    },
    close() {
      closed = true
      transport.close()
    },
  }
}

interface Failure {
  readonly code?: string
  readonly responseCode?: number
  readonly command?: string
}

const REASONS: Readonly<Record<string, string>> = {
  ECONNECTION: 'no connection',
  ESOCKET: 'no connection',
  ETIMEDOUT: 'no answer in time',
  EDNS: 'its name is not known',
  ETLS: 'no TLS, or a certificate that is not trusted',
  EAUTH: 'it refuses the user or the password',
  ENOAUTH: 'it asks for a user and a password',
  EPROTOCOL: 'it does not answer as SMTP',
  NOT_ALLOWED: 'OUTBOUND_ALLOW or OUTBOUND_DENY forbids it',
}

const outageCodes = new Set(['ECONNECTION', 'ETIMEDOUT', 'ESOCKET', 'EDNS', 'ETLS', 'EAUTH', 'EPROTOCOL', 'NOT_ALLOWED'])

const isLoopback = (url: string): boolean => /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/i.test(new URL(url).hostname)

/**
 * Requires TLS off this machine; the URL's query overrides (requireTLS=false, tls.rejectUnauthorized, ignoreTLS
 * …).
 */
function openTransport(url: string, outbound: Pick<Outbound, 'connect'>, timeoutMs: number) {
  return createTransport({
    url,
    requireTLS: !isLoopback(url),
    pool: true,
    getSocket: ({ host = 'localhost', port, secure }: Server, callback: Connected) => {
      const place = { host, port: Number(port) || (secure ? 465 : 587) }
      outbound.connect(place, AbortSignal.timeout(timeoutMs)).then(
        connection => callback(null, { connection }),
        (error: OutboundError) => callback(Object.assign(new Error(error.message), { code: codeOf(error), command: 'CONN' })),
      )
    },
    maxConnections: connections,
    // An idle connection may close on use; more is an outage.
    maxRequeues: 2,
    dnsTimeout: timeoutMs,
    connectionTimeout: timeoutMs,
    greetingTimeout: timeoutMs,
    socketTimeout: timeoutMs,
  })
}

interface Server {
  readonly host?: string | undefined
  readonly port?: number | string | undefined
  readonly secure?: boolean | undefined
}
type Connected = (error: Error | null, opened?: { connection: Socket }) => void

function codeOf({ kind, message, code }: OutboundError): string {
  if (kind === 'not allowed') return 'NOT_ALLOWED'
  if (message === IN_TIME) return 'ETIMEDOUT'
  if (code === undefined) return 'ECONNECTION'
  return code.startsWith('EAI_') || code === 'ENOTFOUND' ? 'EDNS' : 'ESOCKET'
}

/** Names appear in body and address only, not in headers. */
function invitation({ name, userid, link, expires }: InvitationMail, publicUrl: string): { text: string; html: string } {
  const lines = [
    `Hello ${oneLine(name)},`,
    `there is an account for you at ${publicUrl}. Your user name is ${oneLine(userid)}.`,
    'Choose your password with this link:',
    link,
    `The link works once, until ${expires.toUTCString()}. If you did not expect this mail, you need not do anything.`,
  ]
  const paragraphs = lines.map(line =>
    line === link ? `<a href="${escapeHtml(link)}">${escapeHtml(link)}</a>` : escapeHtml(line),
  )
  return { text: `${lines.join('\n\n')}\n`, html: paragraphs.map(line => `<p>${line}</p>\n`).join('') }
}

function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ').trim()
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, character => `&#${character.charCodeAt(0)};`)
}
