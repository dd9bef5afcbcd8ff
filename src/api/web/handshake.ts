/**
 * What a browser keeps for us between two pages of a log-in: sealed, so that it can neither be read nor made elsewhere, and for a purpose,
 * so that one cannot stand for another. A handshake is bound to the browser by being its cookie, to the IAM by naming it, and to its time.
 */
import type { Handshake } from '../../connectors/oidc.ts'
import { sealFor } from '../../platform/encryption.ts'

/** A log-in under way. */
export interface UnderWay extends Handshake {
  readonly iamid: string
  /** Where to go afterwards: a path of ours. */
  readonly returnTo: string
}

/** Seconds that a person may take at their provider. */
export const HANDSHAKE_SECONDS = 600

/** A log-in under way as its cookie says it. That it is finished once only is the room's to see. */
export interface CameBack extends UnderWay {
  readonly until: Date
}

/** Makes handshakes and reads them. Nothing is kept of a log-in that nobody comes back from. */
export function createHandshakes(instanceKey: Buffer, clock: () => number = Date.now) {
  const seal = sealFor(instanceKey, 'handshake')
  return {
    make: (underWay: UnderWay): string => seal.close({ ...underWay, until: clock() + HANDSHAKE_SECONDS * 1000 }),
    /** Null for one that is of another IAM, over or none at all. */
    read(text: string | null, iamid: string): CameBack | null {
      const found = text === null ? null : (seal.open(text) as (UnderWay & { until: number }) | null)
      if (found === null || found.iamid !== iamid || found.until <= clock()) return null
      return { ...found, until: new Date(found.until) }
    },
  }
}

/** A path of ours, under PUBLIC_URL, as a whole address; null for anything that could lead elsewhere. */
export function ownAddress(publicUrl: string, path: string): string | null {
  // No backslash and no control character: browsers make slashes and nothing of them (URL standard, 4.4).
  if (path.length > 1_000 || !/^\/(?![/\\])[\x21-\x5b\x5d-\x7e]*$/.test(path)) return null
  const base = new URL(publicUrl)
  const url = URL.parse(path, base.origin)
  const below = base.pathname.replace(/\/$/, '')
  return url !== null && url.origin === base.origin && `${url.pathname}/`.startsWith(`${below}/`) ? url.href : null
}
