/**
 * Cursors: the sorted value and the id of a row, encrypted and authenticated (AES-256-GCM), so that nobody reads an id that is hidden
 * elsewhere or makes a position up. The keys derive from the instance's: every instance, also after a restart, reads the same cursors.
 */
import { createCipheriv, createDecipheriv, createSecretKey, hash, hkdfSync, type KeyObject } from 'node:crypto'
import { Invalid } from '../errors.ts'
import type { Order } from './order.ts'

const ALGORITHM = 'aes-256-gcm'
const NONCE = 12
const TAG = 16
/** Characters of a cursor that is looked at: more than the longest sorted value needs. */
const LIMIT = 65_536

export interface Position {
  readonly value: string
  readonly id: string
}

interface Keys {
  readonly encryption: KeyObject
  /** Of a fixed length, as text: hashing one text is faster than joining buffers. */
  readonly nonce: string
}

export class Cursors {
  readonly #instanceKeys: () => readonly Buffer[]
  #derived: readonly Keys[] | undefined

  /** `instanceKeys`: asked at the first cursor. The first one encrypts; each of them decrypts. */
  constructor(instanceKeys: () => readonly Buffer[]) {
    this.#instanceKeys = instanceKeys
  }

  /** A cursor of the list with this order; equal for equal positions, so that clients can compare them. */
  encode(order: Order, { value, id }: Position): string {
    const { encryption, nonce: nonceKey } = this.#keys[0]!
    const text = JSON.stringify([value, id])
    const list = listOf(order)
    // Derived from the content, as in RFC 8452: equal nonces only for equal cursors.
    const nonce = hash('sha256', nonceKey + list + text, 'buffer').subarray(0, NONCE)
    const cipher = createCipheriv(ALGORITHM, encryption, nonce, { authTagLength: TAG }).setAAD(Buffer.from(list))
    const encrypted = cipher.update(text, 'utf8')
    cipher.final()
    return Buffer.concat([nonce, encrypted, cipher.getAuthTag()]).toString('base64url')
  }

  /** Throws Invalid naming `field` for what is no cursor of this list in this order. */
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

/** What a cursor is bound to: one list's is refused by another instead of paging through nonsense. */
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
