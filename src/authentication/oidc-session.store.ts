import { createHash } from 'node:crypto'
import type { Db } from '../platform/database/store.ts'

// What a log-in with a provider leaves beside its token: as whom the provider knows it, and that it happened.

/** As whom a provider knows a session: by the person, and where it says so by the session itself. */
export interface ProviderSession {
  readonly sub: string
  readonly sid: string | null
  /** The ID token that it began with, encrypted; null where the provider has no place to end a session at. */
  readonly idToken: string | null
}

export const recordProviderSession = (
  db: Db,
  { tokenId, iamid, session: { sub, sid, idToken } }: { tokenId: number; iamid: string; session: ProviderSession },
) => db.prisma.providerSession.create({ data: { tokenId, iamid, sub, sid, idToken }, select: { tokenId: true } })

/** The encrypted ID token that the session of a token began with. */
export const idTokenOf = async (db: Db, tokenId: number): Promise<string | null> =>
  (await db.prisma.providerSession.findUnique({ where: { tokenId }, select: { idToken: true } }))?.idToken ?? null

/** Ends the sessions begun through the IAM that are the person's, or with `sid` that very one; where both are given both must hold. */
export const endProviderSessions = (
  db: Db,
  iamid: string,
  { sub, sid }: { readonly sub: string | null; readonly sid: string | null },
): Promise<{ id: number; userId: number; iamid: string; userid: string }[]> =>
  db.query(
    `WITH gone AS (DELETE FROM tokens t USING provider_sessions p WHERE p.token_id = t.id AND p.iamid = $1
        AND ($2::text IS NOT NULL OR $3::text IS NOT NULL)
        AND ($2::text IS NULL OR p.sub = $2) AND ($3::text IS NULL OR p.sid = $3) RETURNING t.id, t.user_id)
     SELECT g.id, u.id AS "userId", u.iamid, u.userid FROM gone g JOIN users u ON u.id = g.user_id ORDER BY g.id`,
    [iamid, sub, sid],
  )

/** False when it was used before, on whatever instance. `until` is when it could not be used anyway. */
export async function consumeOnce(db: Db, what: readonly string[], until: Date): Promise<boolean> {
  const mark = createHash('sha256').update(JSON.stringify(what)).digest('base64url')
  const { count } = await db.prisma.usedOnce.createMany({ data: [{ mark, until }], skipDuplicates: true })
  return count === 1
}

/** Forgets what could not be used again anyway. */
export const purgeConsumed = (db: Db, now: Date) => db.prisma.usedOnce.deleteMany({ where: { until: { lt: now } } })
