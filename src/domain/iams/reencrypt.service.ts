import {
  changed,
  command,
  query,
  type Service,
  type ServiceContext,
  unchanged,
  type WriteResult,
} from '../../authorization/service.ts'
import { Unprocessable } from '../../platform/errors.ts'
import { decrypt, type EncryptedSecrets, encrypt, keyId } from './encryption.ts'
import { lockIam, replaceSecrets, secretsWithOtherKey, storedSecrets } from './iams.store.ts'

export interface ReencryptedSecrets {
  readonly reencrypted: string[]
  readonly lost: string[]
}

export interface StoredSecret {
  readonly iamid: string
  readonly path: string
  readonly opens: 'present' | 'previous' | 'no'
}

export const secrets = {
  /** Decrypts each. */
  check: query('iam:listSealed', async ({ db, app }: ServiceContext, _: object): Promise<StoredSecret[]> => {
    const stored = await storedSecrets(db)
    return stored.flatMap(({ id: iamid, secrets: all }) =>
      Object.entries(all).map(([path, encrypted]) => {
        const isOpen = opened(app.keys, { iamid, path, encrypted }) !== null
        return { iamid, path, opens: !isOpen ? 'no' : encrypted.key === keyId(app.key) ? 'present' : 'previous' }
      }),
    )
  }),

  listOld: query('iam:listSealed', ({ db, app }: ServiceContext, _: object) => secretsWithOtherKey(db, [keyId(app.key)])),

  listUnopened: query('iam:listSealed', ({ db, app }: ServiceContext, _: object) => secretsWithOtherKey(db, app.keys.map(keyId))),

  reencrypt: command(
    'iam:reseal',
    async ({ db, app }: ServiceContext, { id }: { id: string }): Promise<WriteResult<ReencryptedSecrets>> => {
      const { iam, encrypted } = await lockIam(db, id)
      const present = keyId(app.key)
      const next = new Map(Object.entries(encrypted))
      const reencrypted: string[] = []
      const lost: string[] = []
      for (const [path, old] of Object.entries(encrypted)) {
        if (old.key === present) continue
        const secret = opened(app.keys, { iamid: id, path, encrypted: old })
        if (secret === null) lost.push(path)
        else {
          next.set(path, encrypt(app.key, { iamid: id, path, secret }))
          reencrypted.push(path)
        }
      }
      if (reencrypted.length === 0) return unchanged({ reencrypted: reencrypted, lost })
      await replaceSecrets(db, id, Object.fromEntries(next))
      return changed(
        { reencrypted: reencrypted, lost },
        {
          event: 'iamConfigured',
          target: { type: 'iam', id, name: iam.displayName },
          before: { instanceKeys: [...new Set(reencrypted.map(path => encrypted[path]!.key))] },
          after: { instanceKeys: [present], reencrypted: reencrypted, ...(lost.length > 0 && { lost }) },
        },
      )
    },
  ),
} satisfies Service

function opened(
  keys: readonly Buffer[],
  { iamid, path, encrypted }: { iamid: string; path: string; encrypted: EncryptedSecrets },
): string | null {
  try {
    return decrypt(keys, { iamid, path, encrypted })
  } catch (error) {
    if (error instanceof Unprocessable) return null
    throw error
  }
}
