// Mail out: a service has stored the invitation -> sendInvitation -> one of a few pooled SMTP connections -> true or false.
// A mail that fails loses nothing, since the invitation stands and can be sent again; hence an answer and never an error.
import type { Socket } from 'node:net'
import { createTransport } from 'nodemailer'
import type { Logger } from 'pino'
import type { Config } from '../config/config.ts'
import { IN_TIME, type Outbound, type OutboundError } from '../outbound/connect.ts'
import { checkEmail } from '../validation.ts'

export interface InvitationMail {
  /** One address. */
  to: string
  name: string
  userid: string
  /** The single-use link: a secret, so it stands in the mail and in no log. */
  link: string
  expires: Date
}

export interface Mailer {
  /** False without SMTP_URL; then sendInvitation answers false at once. */
  readonly configured: boolean
  /** True when the mail server took the message for this address; never throws. */
  sendInvitation(mail: InvitationMail): Promise<boolean>
  /** Ends the connections; what is still waiting is answered with false. */
  close(): void
}

/** Milliseconds for each step: name, connection, greeting, answer. */
const stepTimeout = 10_000
/** Steps a mail may take altogether, waiting for its connection included, against a server that trickles its answers. */
const stepsInAll = 6
const connections = 4

/** `timeoutMs` bounds each step of the conversation with the mail server. */
export function createMailer(
  config: Pick<Config, 'smtpUrl' | 'mailFrom' | 'publicUrl'>,
  {
    outbound,
    log,
    timeoutMs = stepTimeout,
  }: { outbound: Pick<Outbound, 'connect'>; log: Pick<Logger, 'warn'>; timeoutMs?: number },
): Mailer {
  const { smtpUrl } = config
  if (smtpUrl === null) return { configured: false, sendInvitation: async () => false, close() {} }

  const open = () => openTransport(smtpUrl, outbound, timeoutMs)
  let transport = open()
  let closed = false

  /** Fails what waits in the queue at once: without this, every invitation of a long list would find out by itself. */
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
          // RFC 3834: keeps absence notices from answering.
          headers: { 'Auto-Submitted': 'auto-generated' },
          disableFileAccess: true,
          disableUrlAccess: true,
          signal: AbortSignal.timeout(timeoutMs * stepsInAll),
        })
        return sent.accepted.length === 1
      } catch (error) {
        const { code, responseCode, command } = error as { code?: string; responseCode?: number; command?: string }
        // Not the message: a server may quote the mail in its answer, and the link is in the mail.
        log.warn({ userid: mail.userid, code, responseCode, command }, 'invitation mail failed')
        if (responseCode === 421 || outageCodes.has(code ?? '')) renew(used)
        return false
      }
    },
    close() {
      closed = true
      transport.close()
    },
  }
}

/** What nodemailer calls failures of the server rather than of one mail. */
const outageCodes = new Set(['ECONNECTION', 'ETIMEDOUT', 'ESOCKET', 'EDNS', 'ETLS', 'EAUTH', 'EPROTOCOL', 'NOT_ALLOWED'])

/** Whether the host of the URL is this machine. */
const isLoopback = (url: string): boolean => /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/i.test(new URL(url).hostname)

/**
 * Off this machine a connection begins with TLS, or turns to it before anything is sent. The URL's own query has the last word
 * (requireTLS=false, tls.rejectUnauthorized, ignoreTLS …), as nodemailer documents it.
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
    // An idle connection may have been ended by the server just as it gets a mail; more than that is an outage.
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

/** As nodemailer calls what went wrong; it has no name for an address that OUTBOUND_ALLOW or OUTBOUND_DENY refuses. */
function codeOf({ kind, message, code }: OutboundError): string {
  if (kind === 'not allowed') return 'NOT_ALLOWED'
  if (message === IN_TIME) return 'ETIMEDOUT'
  if (code === undefined) return 'ECONNECTION'
  return code.startsWith('EAI_') || code === 'ENOTFOUND' ? 'EDNS' : 'ESOCKET'
}

/** A person's words stand in the body and beside the address only; the subject is ours, so nothing can reach a header. */
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
