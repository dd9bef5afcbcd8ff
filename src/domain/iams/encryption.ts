import { createCipheriv, createDecipheriv, createHash, createHmac, hkdfSync, randomBytes } from 'node:crypto'
import { SecretUnreadable } from '../../platform/errors.ts'

// The secrets of an IAM's configuration at rest: AES-256-GCM, a random 96-bit nonce each, bound by the associated data to the IAM
// and the place it stands in, so that a row written into another place of the database does not open. Encrypting, fingerprints and
// the key's own id each use a key of their own, derived from the instance's.

/** A sealed secret as it is stored: base64url, the tag at the end of `text`. */
export interface EncryptedSecrets {
  /** Which instance key sealed it. */
  readonly key: string
  readonly nonce: string
  readonly text: string
  /** Equal for equal secrets in the same place, and useless to who lacks the instance's key: guesses cannot be tried against it. */
  readonly fingerprint: string
}

const algorithm = 'aes-256-gcm'
const nonceBytes = 12
const tagBytes = 16

/** Seals the secret at `path` of the configuration of `iamid`. `instanceKey` is 32 bytes. */
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

/** The secret, with whichever of the instance keys sealed it. Throws SecretUnreadable when none of them did, or it was altered. */
export function decrypt(
  instanceKeys: readonly Buffer[],
  { iamid, path, sealed }: { iamid: string; path: string; sealed: EncryptedSecrets },
): string {
  const cure = 'restore the instance key, or set the secret anew'
  const instanceKey = instanceKeys.find(key => keyId(key) === sealed.key)
  if (instanceKey === undefined)
    throw new SecretUnreadable(`${path} of the IAM ${iamid} was sealed with another instance key: ${cure}`)
  try {
    const bytes = Buffer.from(sealed.text, 'base64url')
    const decipher = createDecipheriv(algorithm, derive(instanceKey, 'seal'), Buffer.from(sealed.nonce, 'base64url'), {
      authTagLength: tagBytes,
    })
    decipher.setAAD(place(iamid, path)).setAuthTag(bytes.subarray(-tagBytes))
    return Buffer.concat([decipher.update(bytes.subarray(0, -tagBytes)), decipher.final()]).toString('utf8')
  } catch {
    throw new SecretUnreadable(`${path} of the IAM ${iamid} does not open: ${cure}`)
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

/** Names an instance key, and tells nothing else of it. */
export const keyId = (instanceKey: Buffer): string =>
  createHash('sha256').update(derive(instanceKey, 'id')).digest('hex').slice(0, 8)

const derive = (instanceKey: Buffer, purpose: string): Buffer =>
  Buffer.from(hkdfSync('sha256', instanceKey, '', `roster iam secrets: ${purpose}`, 32))
