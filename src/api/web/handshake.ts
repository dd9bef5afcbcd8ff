/** An encrypted cookie, bound to browser, IAM and time. */
import type { Handshake } from '../../connectors/oidc.ts'
import { createTokenCipher } from '../../platform/encryption.ts'

export interface PendingLogin extends Handshake {
  readonly iamid: string
  readonly returnTo: string
}

export const HANDSHAKE_SECONDS = 600

export interface ReturnedLogin extends PendingLogin {
  readonly until: Date
}

export function createHandshakes(instanceKeys: readonly Buffer[], clock: () => number = Date.now) {
  const cipher = createTokenCipher(instanceKeys, 'handshake')
  return {
    make: (underWay: PendingLogin): Promise<string> =>
      cipher.encrypt({ ...underWay }, new Date(clock() + HANDSHAKE_SECONDS * 1000)),
    async read(text: string | null, iamid: string): Promise<ReturnedLogin | null> {
      const claims = text === null ? null : await cipher.decrypt(text, new Date(clock()))
      if (claims === null || claims.iamid !== iamid) return null
      const { returnTo, state, nonce, verifier, exp } = claims as unknown as PendingLogin & { exp: number }
      return { iamid, returnTo, state, nonce, verifier, until: new Date(exp * 1000) }
    },
  }
}

export function ownAddress(publicUrl: string, path: string): string | null {
  // Browsers change backslashes and drop control characters (URL standard, 4.4).
  if (path.length > 1_000 || !/^\/(?![/\\])[\x21-\x5b\x5d-\x7e]*$/.test(path)) return null
  const base = new URL(publicUrl)
  const url = URL.parse(path, base.origin)
  const below = base.pathname.replace(/\/$/, '')
  return url !== null && url.origin === base.origin && `${url.pathname}/`.startsWith(`${below}/`) ? url.href : null
}
