import { X509Certificate } from 'node:crypto'
import type { Finding } from './finding.ts'

const DAY = 86_400_000
/** Days before the end that give a warning. */
export const SOON = 30

/** `what`: whose certificate, such as "TLS_CERT". */
export function expiryOf(what: string, until: Date, { now, fix }: { now: Date; fix: string }): Finding {
  const about = 'certificates'
  const days = Math.floor((until.getTime() - now.getTime()) / DAY)
  const date = until.toISOString().slice(0, 10)
  if (days < 0) return { about, status: 'fault', detail: `${what} expired on ${date}`, fix }
  const detail = `${what} is valid until ${date}, ${days} day${days === 1 ? '' : 's'} more`
  return days < SOON ? { about, status: 'warning', detail, fix } : { about, status: 'ok', detail }
}

const PEM = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g

/** The end of the one that expires first. Null without a certificate that can be read. */
export function firstExpiry(pem: string): Date | null {
  const ends = (pem.match(PEM) ?? []).flatMap(text => {
    try {
      return [Date.parse(new X509Certificate(text).validTo)]
    } catch {
      return []
    }
  })
  return ends.length === 0 ? null : new Date(Math.min(...ends))
}
