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
import { lockIam, replaceSecrets, secretsWithOtherKey } from './iams.store.ts'

/** The paths of what was sealed anew, and of what none of our keys opens. */
export interface ReencryptedSecrets {
  readonly resealed: string[]
  readonly lost: string[]
}

/** Another instance key: list, then reseal each. Whenever it ends, the next list has only what is left. */
export const secrets = {
  /** The ids of the IAMs with a secret that the present instance key did not seal. */
  listOld: query('iam:listSealed', ({ db, app }: ServiceContext, _: object) => secretsWithOtherKey(db, [keyId(app.key)])),

  /** The ids of the IAMs with a secret that no key of this process opens. */
  listUnopened: query('iam:listSealed', ({ db, app }: ServiceContext, _: object) => secretsWithOtherKey(db, app.keys.map(keyId))),

  /** Seals the IAM's secrets with the present key, as far as they open. Nothing else of the IAM changes. */
  reseal: command(
    'iam:reseal',
    async ({ db, app }: ServiceContext, { id }: { id: string }): Promise<WriteResult<ReencryptedSecrets>> => {
      const { iam, sealed } = await lockIam(db, id)
      const present = keyId(app.key)
      const next = new Map(Object.entries(sealed))
      const resealed: string[] = []
      const lost: string[] = []
      for (const [path, old] of Object.entries(sealed)) {
        if (old.key === present) continue
        const secret = opened(app.keys, { iamid: id, path, sealed: old })
        if (secret === null) lost.push(path)
        else {
          next.set(path, encrypt(app.key, { iamid: id, path, secret }))
          resealed.push(path)
        }
      }
      if (resealed.length === 0) return unchanged({ resealed, lost })
      await replaceSecrets(db, id, Object.fromEntries(next))
      return changed(
        { resealed, lost },
        {
          event: 'iamConfigured',
          target: { type: 'iam', id, name: iam.displayName },
          before: { instanceKeys: [...new Set(resealed.map(path => sealed[path]!.key))] },
          after: { instanceKeys: [present], resealed, ...(lost.length > 0 && { lost }) },
        },
      )
    },
  ),
} satisfies Service

function opened(
  keys: readonly Buffer[],
  { iamid, path, sealed }: { iamid: string; path: string; sealed: EncryptedSecrets },
): string | null {
  try {
    return decrypt(keys, { iamid, path, sealed })
  } catch (error) {
    if (error instanceof Unprocessable) return null
    throw error
  }
}
