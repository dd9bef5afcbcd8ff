import type { ScimActor } from '../authorization/actor.ts'
import type { CredentialCache } from '../authorization/credential-cache.ts'
import type { LastUsedTracker } from '../authorization/ports.ts'
import { fromHeader, parse, sameHash } from '../authorization/secret.ts'
import { scimEnabled } from '../domain/iams/iam.ts'
import { ORIGIN } from '../platform/database/change-listener.ts'
import type { Db } from '../platform/database/store.ts'
import { Unauthenticated } from '../platform/errors.ts'
import type { ScimRate } from './http/rate-limit.ts'

interface Row {
  readonly config: Record<string, unknown>
  readonly id: number
  readonly hash: Uint8Array
  readonly expiresAt: Date | null
  readonly origin: string
}

export type ScimCredential = Pick<Row, 'config' | 'id'>

/** Failures look alike: no IAM is revealed. */
export async function authenticateScim(
  db: Db,
  {
    iamid,
    authorization,
    cache,
    lastUsed,
    rate,
  }: {
    iamid: string
    authorization: string | undefined
    cache?: CredentialCache<ScimCredential>
    lastUsed?: LastUsedTracker
    rate?: ScimRate
  },
): Promise<ScimActor> {
  // RFC 6750 2.1 requires the scheme.
  const secret = /^bearer\s/i.test(authorization ?? '') ? fromHeader(authorization) : null
  const parsed = secret === null ? null : parse(secret)
  if (parsed?.kind === 'rs' && /^[A-Za-z][A-Za-z0-9_-]{0,63}$/.test(iamid) && iamid !== 'bim') {
    const now = new Date()
    const row = cache?.get(keyOf(iamid, parsed.hash)) ?? (await find(db, iamid, { hash: parsed.hash, now, cache }))
    if (row && scimEnabled(row)) {
      lastUsed?.record('scim', row.id, now)
      rate?.take(iamid, row.config.scimRequestsPerMinute as number | undefined)
      return { kind: 'scim', iamid }
    }
  }
  throw new Unauthenticated('No IAM of this Roster accepts SCIM with this credential')
}

const keyOf = (iamid: string, hash: Buffer): string => `${iamid} ${hash.toString('base64')}`

async function find(
  db: Db,
  iamid: string,
  { hash, now, cache }: { hash: Buffer; now: Date; cache: CredentialCache<ScimCredential> | undefined },
): Promise<ScimCredential | undefined> {
  const read = () =>
    db.query<Row>(
      `SELECT i.config, k.id, k.hash, k.expires_at AS "expiresAt", ${ORIGIN} AS origin FROM iams i JOIN scim_keys k ON k.iamid = i.id
        WHERE i.id = $1 AND (k.expires_at IS NULL OR k.expires_at > $2)`,
      [iamid, now],
    )
  const ofHash = (rows: readonly Row[]) => rows.find(row => sameHash(row.hash, hash))
  if (!cache) return ofHash(await read())
  return cache.reading(async keep => {
    const row = ofHash(await read())
    if (row) keep(keyOf(iamid, hash), { value: row, users: [], expiresAt: row.expiresAt }, row.origin)
    return row
  })
}
