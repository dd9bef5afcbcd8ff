/** Authorization header → cache or one statement → actor. Concurrent look-ups share a statement. */
import { setImmediate as endOfTurn } from 'node:timers/promises'
import DataLoader from 'dataloader'
import type { UserActor } from '../authorization/actor.ts'
import type { CredentialCache } from '../authorization/credential-cache.ts'
import { ADMINISTRATIVE } from '../authorization/permissions.ts'
import type { Authenticate, LastUsedTracker } from '../authorization/ports.ts'
import { fromHeader, parse, sameHash } from '../authorization/secret.ts'
import { ORIGIN } from '../platform/database/change-listener.ts'
import type { Db } from '../platform/database/store.ts'
import { Unauthenticated } from '../platform/errors.ts'

interface Row {
  id: number
  hash: Uint8Array
  apiKeyId: number | null
  projectId: number | null
  scopes: string[]
  userId: number
  profileId: number
  iamid: string
  userid: string
  useridKey: string
  permissions: string[]
  impersonatorId: number | null
  impersonatorIamid: string | null
  impersonatorUserid: string | null
  expiresAt: Date | null
  origin: string
}

const USER = `${ORIGIN} AS origin, u.id AS "userId", u.profile_id AS "profileId", u.iamid, u.userid, u.userid_key AS "useridKey",
  ARRAY(SELECT e.permission FROM effective_permissions e WHERE e.user_id = u.id) AS permissions`

const ADMIN_PERMISSIONS = ADMINISTRATIVE.map(permission => `'${permission}'`).join(', ')

// Also checks the user, the IAM and expiry; under impersonation
// the impersonator's permission, and that the target is not administrative.
const TOKEN = `SELECT t.id, t.hash, t.api_key_id AS "apiKeyId", t.project_id AS "projectId", t.scopes, ${USER},
    p.id AS "impersonatorId", p.iamid AS "impersonatorIamid", p.userid AS "impersonatorUserid", least(t.expires_at, k.expires_at) AS "expiresAt"
  FROM tokens t JOIN users u ON u.id = t.user_id AND NOT u.disabled JOIN iams i ON i.id = u.iamid
  LEFT JOIN api_keys k ON k.id = t.api_key_id
  LEFT JOIN users p ON p.id = t.impersonator_id AND NOT p.disabled
  WHERE t.hash = ANY($1::bytea[]) AND t.expires_at > $2 AND (k.expires_at IS NULL OR k.expires_at > $2)
    AND (t.impersonator_id IS NULL OR (p.id IS NOT NULL
      AND EXISTS (SELECT 1 FROM effective_permissions e WHERE e.user_id = p.id AND e.permission = 'IMPERSONATE_USER')
      AND NOT EXISTS (SELECT 1 FROM effective_permissions e WHERE e.user_id = u.id AND e.permission IN (${ADMIN_PERMISSIONS}))))`

const KEY = `SELECT k.id, k.hash, k.id AS "apiKeyId", k.project_id AS "projectId", k.scopes, ${USER},
    NULL::int AS "impersonatorId", NULL AS "impersonatorIamid", NULL AS "impersonatorUserid", k.expires_at AS "expiresAt"
  FROM api_keys k JOIN users u ON u.id = k.user_id AND NOT u.disabled JOIN iams i ON i.id = u.iamid
  WHERE k.hash = ANY($1::bytea[]) AND (k.expires_at IS NULL OR k.expires_at > $2)`

interface ParsedSecret {
  readonly kind: 'rt' | 'rk'
  readonly hash: Uint8Array
  readonly key: string
}

const keyOf = (kind: ParsedSecret['kind'], hash: Uint8Array): string => kind + Buffer.from(hash).toString('base64')

function parseSecret(secret: string): ParsedSecret | null {
  const parsed = parse(secret)
  if (parsed?.kind !== 'rt' && parsed?.kind !== 'rk') return null
  return { kind: parsed.kind, hash: parsed.hash, key: keyOf(parsed.kind, parsed.hash) }
}

const find = (
  db: Db,
  { kind, hashes, now }: { kind: ParsedSecret['kind']; hashes: readonly Uint8Array[]; now: Date },
): Promise<Row[]> => db.query<Row>(kind === 'rt' ? TOKEN : KEY, [hashes, now.toISOString()])

/** Returns null for an invalid secret. Does not record a use. */
export async function actorOf(db: Db, secret: string, now: Date): Promise<UserActor | null> {
  const opener = parseSecret(secret)
  if (opener === null) return null
  const [row] = await find(db, { kind: opener.kind, hashes: [opener.hash], now })
  return row && sameHash(row.hash, opener.hash) ? actorOfRow(row, opener.kind) : null
}

function actorOfRow(row: Row, opened: ParsedSecret['kind']): UserActor {
  const impersonator =
    row.impersonatorId === null
      ? null
      : { id: row.impersonatorId, iamid: row.impersonatorIamid!, userid: row.impersonatorUserid! }
  const kind = opened === 'rk' ? 'apikey' : impersonator ? 'impersonation' : row.apiKeyId === null ? 'login' : 'apikey-token'
  return {
    kind: 'user',
    user: { id: row.userId, profileId: row.profileId, iamid: row.iamid, userid: row.userid, useridKey: row.useridKey },
    permissions: new Set(row.permissions),
    credential: {
      kind,
      id: row.id,
      apiKeyId: row.apiKeyId,
      // The impersonation marker does not narrow: see the policy.
      scopes: row.scopes.filter(scope => scope !== 'impersonation'),
      projectId: row.projectId,
    },
    impersonator,
  }
}

const BATCH = 100

export function createAuthenticate(
  db: Db,
  lastUsed: LastUsedTracker,
  cache: CredentialCache<UserActor> | null = null,
): Authenticate {
  const batches = { rt: batchOf(db, 'rt', cache), rk: batchOf(db, 'rk', cache) }
  return async authorization => {
    const secret = fromHeader(authorization)
    if (secret === null) throw new Unauthenticated('A token or an API key is needed: send it as Authorization: Bearer <token>')
    const opener = parseSecret(secret)
    // Requests that arrived together go on together: less CPU.
    if (cache) await endOfTurn()
    const actor = opener && (cache?.get(opener.key) ?? (await batches[opener.kind].load(opener)))
    if (actor === null) throw new Unauthenticated('The token or API key is unknown, expired or revoked: log in again')
    lastUsed.record(actor.credential.kind === 'apikey' ? 'key' : 'token', actor.credential.id, new Date())
    return actor
  }
}

type Keep = Parameters<Parameters<CredentialCache<UserActor>['reading']>[0]>[0]

function batchOf(db: Db, kind: ParsedSecret['kind'], cache: CredentialCache<UserActor> | null) {
  const read = async (openers: readonly ParsedSecret[], keep?: Keep) => {
    const hashes = new Map(openers.map(({ key, hash }) => [key, hash]))
    const actors = new Map<string, UserActor>()
    for (const row of await find(db, { kind, hashes: [...hashes.values()], now: new Date() })) {
      const [key, value] = [keyOf(kind, row.hash), actorOfRow(row, kind)]
      actors.set(key, value)
      const users = row.impersonatorId === null ? [row.userId] : [row.userId, row.impersonatorId]
      keep?.(key, { value, users, expiresAt: row.expiresAt }, row.origin)
    }
    return openers.map(({ key }) => actors.get(key) ?? null)
  }
  return new DataLoader<ParsedSecret, UserActor | null>(
    openers => (cache ? cache.reading(keep => read(openers, keep)) : read(openers)),
    { cache: false, maxBatchSize: BATCH, batchScheduleFn: send => setImmediate(send) },
  )
}
