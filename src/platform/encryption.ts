/** Encrypted JWTs (RFC 7516, `dir`, A256GCM). The audience separates purposes. */
import { hkdfSync } from 'node:crypto'
import { EncryptJWT, errors, type JWTPayload, jwtDecrypt } from 'jose'

export interface TokenCipher {
  encrypt(claims: JWTPayload, expires: Date): Promise<string>
  decrypt(token: string, now: Date): Promise<JWTPayload | null>
}

/** 32 bytes each: the first encrypts, all decrypt. */
export function createTokenCipher(instanceKeys: readonly Buffer[], audience: string): TokenCipher {
  const keys = instanceKeys.map(key => new Uint8Array(hkdfSync('sha256', key, '', 'roster encrypted tokens', 32)))
  return {
    encrypt: (claims, expires) =>
      new EncryptJWT(claims)
        .setProtectedHeader({ alg: 'dir', enc: 'A256GCM' })
        .setAudience(audience)
        .setExpirationTime(expires)
        .encrypt(keys[0]!),
    async decrypt(token, now) {
      for (const key of keys) {
        const payload = await decrypted(token, { key, audience, now })
        if (payload !== null) return payload
      }
      return null
    },
  }
}

async function decrypted(
  token: string,
  { key, audience, now }: { key: Uint8Array; audience: string; now: Date },
): Promise<JWTPayload | null> {
  try {
    const { payload } = await jwtDecrypt(token, key, {
      keyManagementAlgorithms: ['dir'],
      contentEncryptionAlgorithms: ['A256GCM'],
      audience,
      requiredClaims: ['exp'],
      currentDate: now,
    })
    return payload
  } catch (error) {
    if (error instanceof errors.JOSEError) return null
    throw error
  }
}
