import { createCipheriv, createDecipheriv, createHash, createHmac, hkdfSync, randomBytes } from 'node:crypto'
import { SecretUnreadable } from '../../platform/errors.ts'

// AES-256-GCM; associated data binds a secret to IAM and path. Encryption, fingerprints and key ids use derived
// keys.

export interface EncryptedSecrets {
  readonly key: string
  readonly nonce: string
  readonly text: string
  /** Equal for equal secrets; no use without the key. */
  readonly fingerprint: string
}

const algorithm = 'aes-256-gcm'
const nonceBytes = 12
const tagBytes = 16

export function encrypt(
  instanceKey: Buffer,
  { iamid, path, secret }: { iamid: string; path: string; secret: string },
): EncryptedSecrets {
  const nonce = randomBytes(nonceBytes)
  const cipher = createCipheriv(algorithm, derive(instanceKey, 'seal'), nonce).setAAD(place(iamid, path))
  const text = Buffer.concat([cipher.update(secret, 'utf8'), cipher.final(), cipher.getAuthTag()])
  return {
    key: keyId(instanceKey),
    nonce: nonce.toString('base64url'),
    text: text.toString('base64url'),
    fingerprint: fingerprint(instanceKey, { iamid, path, secret }),
  }
}

export function decrypt(
  instanceKeys: readonly Buffer[],
  { iamid, path, encrypted }: { iamid: string; path: string; encrypted: EncryptedSecrets },
): string {
  const cure = 'restore the instance key, or enter the secret again'
  const instanceKey = instanceKeys.find(key => keyId(key) === encrypted.key)
  if (instanceKey === undefined)
    throw new SecretUnreadable(`${path} of the IAM ${iamid} was encrypted with another instance key: ${cure}`)
  try {
    const bytes = Buffer.from(encrypted.text, 'base64url')
    const decipher = createDecipheriv(algorithm, derive(instanceKey, 'seal'), Buffer.from(encrypted.nonce, 'base64url'), {
      authTagLength: tagBytes,
    })
    decipher.setAAD(place(iamid, path)).setAuthTag(bytes.subarray(-tagBytes))
    return Buffer.concat([decipher.update(bytes.subarray(0, -tagBytes)), decipher.final()]).toString('utf8')
  } catch {
    throw new SecretUnreadable(`${path} of the IAM ${iamid} cannot be decrypted: ${cure}`)
  }
}

function fingerprint(instanceKey: Buffer, { iamid, path, secret }: { iamid: string; path: string; secret: string }): string {
  return createHmac('sha256', derive(instanceKey, 'fingerprint'))
    .update(place(iamid, path))
    .update(secret)
    .digest('hex')
    .slice(0, 16)
}

const place = (iamid: string, path: string): Buffer => Buffer.from(`${JSON.stringify([iamid, path])}\n`)

export const keyId = (instanceKey: Buffer): string =>
  createHash('sha256').update(derive(instanceKey, 'id')).digest('hex').slice(0, 8)

const derive = (instanceKey: Buffer, purpose: string): Buffer =>
  Buffer.from(hkdfSync('sha256', instanceKey, '', `roster iam secrets: ${purpose}`, 32))
