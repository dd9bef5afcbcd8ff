/** Text that is kept where others hold it, and that neither can be read nor made without the instance's key: for a purpose, so that one cannot stand for another. */
import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto'

const ALGORITHM = 'aes-256-gcm'
const NONCE = 12
const TAG = 16

export interface Seal {
  /** Characters of base64url. */
  close(content: unknown): string
  /** Null for what was not closed with this key and for this purpose. */
  open(text: string): unknown
}

/** `instanceKey` is 32 bytes. */
export function sealFor(instanceKey: Buffer, purpose: string): Seal {
  const key = Buffer.from(hkdfSync('sha256', instanceKey, '', `roster log-in: ${purpose}`, 32))
  return {
    close(content) {
      const nonce = randomBytes(NONCE)
      const cipher = createCipheriv(ALGORITHM, key, nonce)
      return Buffer.concat([nonce, cipher.update(JSON.stringify(content), 'utf8'), cipher.final(), cipher.getAuthTag()]).toString(
        'base64url',
      )
    },
    open(text) {
      try {
        const bytes = Buffer.from(text, 'base64url')
        const decipher = createDecipheriv(ALGORITHM, key, bytes.subarray(0, NONCE), { authTagLength: TAG })
        decipher.setAuthTag(bytes.subarray(-TAG))
        const plain = Buffer.concat([decipher.update(bytes.subarray(NONCE, -TAG)), decipher.final()])
        return JSON.parse(plain.toString('utf8'))
      } catch {
        return null
      }
    },
  }
}
