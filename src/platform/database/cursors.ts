/** Encrypted sort value and id (AES-256-GCM), readable by all instances. */
import { createCipheriv, createDecipheriv, createSecretKey, hash, hkdfSync, type KeyObject } from 'node:crypto'
import { Invalid } from '../errors.ts'
import type { Order } from './order.ts'

const ALGORITHM = 'aes-256-gcm'
const NONCE = 12
const TAG = 16
const LIMIT = 65_536

export interface Position {
  readonly value: string
  readonly id: string
}

interface Keys {
  readonly encryption: KeyObject
  readonly nonce: string
}

export class Cursors {
  readonly #instanceKeys: () => readonly Buffer[]
  #derived: readonly Keys[] | undefined

  /** Read at the first cursor. The first encrypts; all decrypt. */
  constructor(instanceKeys: () => readonly Buffer[]) {
    this.#instanceKeys = instanceKeys
  }

  encode(order: Order, { value, id }: Position): string {
    const { encryption, nonce: nonceKey } = this.#keys[0]!
    const text = JSON.stringify([value, id])
    const list = listOf(order)
    // Content-derived (RFC 8452): equal only for equal cursors.
    const nonce = hash('sha256', nonceKey + list + text, 'buffer').subarray(0, NONCE)
    const cipher = createCipheriv(ALGORITHM, encryption, nonce, { authTagLength: TAG }).setAAD(Buffer.from(list))
    const encrypted = cipher.update(text, 'utf8')
    cipher.final()
    return Buffer.concat([nonce, encrypted, cipher.getAuthTag()]).toString('base64url')
  }

  /** Throws Invalid for cursors of other lists or orders. */
  decode(field: string, order: Order, cursor: string): Position {
    const bytes = cursor.length > LIMIT ? Buffer.alloc(0) : Buffer.from(cursor, 'base64url')
    if (bytes.length > NONCE + TAG)
      for (const keys of this.#keys) {
        const text = decrypted(keys.encryption, listOf(order), bytes)
        if (text !== null) {
          const [value, id] = JSON.parse(text) as [string, string]
          return { value, id }
        }
      }
    throw new Invalid(field, 'must be a cursor of this list in the same order')
  }

  get #keys(): readonly Keys[] {
    this.#derived ??= this.#instanceKeys().map(key => ({
      encryption: createSecretKey(derived(key, 'encryption')),
      nonce: derived(key, 'nonce').toString('base64'),
    }))
    return this.#derived
  }
}

const derived = (instanceKey: Buffer, purpose: string): Buffer =>
  Buffer.from(hkdfSync('sha256', instanceKey, '', `roster cursors 1: ${purpose}`, 32))

const listOf = ({ name, descending }: Order): string => `${descending ? '-' : '+'}${name}\0`

function decrypted(key: KeyObject, list: string, bytes: Buffer): string | null {
  try {
    const decipher = createDecipheriv(ALGORITHM, key, bytes.subarray(0, NONCE), { authTagLength: TAG })
    decipher.setAAD(Buffer.from(list)).setAuthTag(bytes.subarray(-TAG))
    return decipher.update(bytes.subarray(NONCE, -TAG), undefined, 'utf8') + decipher.final('utf8')
  } catch {
    return null
  }
}
