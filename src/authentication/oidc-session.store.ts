import { createHash } from 'node:crypto'
import type { Db } from '../platform/database/store.ts'

export interface ProviderSession {
  readonly sub: string
  readonly sid: string | null
  /** Encrypted; null without an end-session endpoint. */
  readonly idToken: string | null
}

export const recordProviderSession = (
  db: Db,
  { tokenId, iamid, session: { sub, sid, idToken } }: { tokenId: number; iamid: string; session: ProviderSession },
) => db.prisma.providerSession.create({ data: { tokenId, iamid, sub, sid, idToken }, select: { tokenId: true } })

export const idTokenOf = async (db: Db, tokenId: number): Promise<string | null> =>
  (await db.prisma.providerSession.findUnique({ where: { tokenId }, select: { idToken: true } }))?.idToken ?? null

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

/** False when already used, on any instance. */
export async function consumeOnce(db: Db, what: readonly string[], until: Date): Promise<boolean> {
  const mark = createHash('sha256').update(JSON.stringify(what)).digest('base64url')
  const { count } = await db.prisma.usedOnce.createMany({ data: [{ mark, until }], skipDuplicates: true })
  return count === 1
}

export const purgeConsumed = (db: Db, now: Date) => db.prisma.usedOnce.deleteMany({ where: { until: { lt: now } } })
