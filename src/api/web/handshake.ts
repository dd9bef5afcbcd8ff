/**
 * The state of a log-in with a provider, in an encrypted cookie between two requests. It is bound to the browser by being its cookie,
 * to the IAM by naming it, and to its time.
 */
import type { Handshake } from '../../connectors/oidc.ts'
import { createTokenCipher } from '../../platform/encryption.ts'

/** A log-in under way. */
export interface PendingLogin extends Handshake {
  readonly iamid: string
  /** Where to go afterwards: a path of ours. */
  readonly returnTo: string
}

/** Seconds that a person may take at their provider. */
export const HANDSHAKE_SECONDS = 600

/** A log-in under way as its cookie says it. That it is finished once only is the service's to see. */
export interface ReturnedLogin extends PendingLogin {
  readonly until: Date
}

/** Handshakes as cookies: nothing is stored of a log-in that does not return. */
export function createHandshakes(instanceKeys: readonly Buffer[], clock: () => number = Date.now) {
  const cipher = createTokenCipher(instanceKeys, 'handshake')
  return {
    make: (underWay: PendingLogin): Promise<string> =>
      cipher.encrypt({ ...underWay }, new Date(clock() + HANDSHAKE_SECONDS * 1000)),
    /** Null for one that belongs to another IAM, is expired or none at all. */
    async read(text: string | null, iamid: string): Promise<ReturnedLogin | null> {
      const claims = text === null ? null : await cipher.decrypt(text, new Date(clock()))
      if (claims === null || claims.iamid !== iamid) return null
      const { returnTo, state, nonce, verifier, exp } = claims as unknown as PendingLogin & { exp: number }
      return { iamid, returnTo, state, nonce, verifier, until: new Date(exp * 1000) }
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
