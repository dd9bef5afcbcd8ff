import type { ScimActor } from '../authorization/actor.ts'
import type { LastUsedTracker } from '../authorization/ports.ts'
import { fromHeader, parse, sameHash } from '../authorization/secret.ts'
import { scimEnabled } from '../domain/iams/iam.ts'
import type { Db } from '../platform/database/store.ts'
import { Unauthenticated } from '../platform/errors.ts'
import type { ScimRate } from './http/rate-limit.ts'

interface Row {
  readonly config: Record<string, unknown>
  readonly id: number
  readonly hash: Uint8Array
}

/** Nothing is cached. Failures look alike: no IAM is revealed. */
export async function authenticateScim(
  db: Db,
  {
    iamid,
    authorization,
    lastUsed,
    rate,
  }: { iamid: string; authorization: string | undefined; lastUsed?: LastUsedTracker; rate?: ScimRate },
): Promise<ScimActor> {
  // RFC 6750 2.1 requires the scheme.
  const secret = /^bearer\s/i.test(authorization ?? '') ? fromHeader(authorization) : null
  const parsed = secret === null ? null : parse(secret)
  if (parsed?.kind === 'rs' && /^[A-Za-z][A-Za-z0-9_-]{0,63}$/.test(iamid) && iamid !== 'bim') {
    const now = new Date()
    const rows = await db.query<Row>(
      `SELECT i.config, k.id, k.hash FROM iams i JOIN scim_keys k ON k.iamid = i.id
        WHERE i.id = $1 AND (k.expires_at IS NULL OR k.expires_at > $2)`,
      [iamid, now],
    )
    const row = rows.find(({ hash }) => sameHash(hash, parsed.hash))
    if (row && scimEnabled(row)) {
      lastUsed?.record('scim', row.id, now)
      rate?.take(iamid, row.config.scimRequestsPerMinute as number | undefined)
      return { kind: 'scim', iamid }
    }
  }
  throw new Unauthenticated('No IAM of this Roster accepts SCIM with this credential')
}
