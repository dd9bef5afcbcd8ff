import { generateSecret } from '../../authorization/secret.ts'
import type { ServiceContext } from '../../authorization/service.ts'
import { insertToken } from './credentials.store.ts'

export interface IssuedToken {
  token: string
  tokenExpiration: Date
  profileId: number
  tokenId: number
}

interface Holder {
  userId: number
  profileId: number
  apiKeyId?: number | null
  impersonatorId?: number | null
  projectId?: number | null
  scopes?: readonly string[]
  /** Seconds; by default the setting. */
  life?: number
  until?: Date | null
}

export async function issueToken(call: Pick<ServiceContext, 'db' | 'app' | 'now'>, holder: Holder): Promise<IssuedToken> {
  const { now, app } = call
  const { idleSeconds, lifeSeconds } = app.config.token
  const after = (seconds: number) => now.getTime() + seconds * 1000
  const endsAt = new Date(Math.min(after(holder.life ?? lifeSeconds), holder.until?.getTime() ?? Number.POSITIVE_INFINITY))
  const expiresAt = new Date(Math.min(after(idleSeconds), endsAt.getTime()))
  const { secret, hash, prefix } = generateSecret('rt')
  const { id } = await insertToken(call.db, {
    userId: holder.userId,
    apiKeyId: holder.apiKeyId ?? null,
    impersonatorId: holder.impersonatorId ?? null,
    projectId: holder.projectId ?? null,
    prefix,
    hash,
    scopes: [...(holder.scopes ?? [])],
    lastUsed: now,
    expiresAt,
    endsAt,
    createdAt: now,
    updatedAt: now,
  })
  return { token: secret, tokenExpiration: expiresAt, profileId: holder.profileId, tokenId: id }
}
