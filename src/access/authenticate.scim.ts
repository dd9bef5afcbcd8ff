import { fromHeader, parse, sameHash } from '../credentials/secret.ts'
import { Unauthenticated } from '../errors.ts'
import { scimEnabled } from '../iams/iam.ts'
import type { Db } from '../store/store.ts'
import type { ScimActor } from './actor.ts'

interface Row {
  readonly config: Record<string, unknown>
  readonly hash: Uint8Array | null
}

/**
 * The SCIM client of the IAM `iamid`, by its key. Read afresh: a new key, and SCIM switched off, hold at once. Throws Unauthenticated in
 * the same words whatever is wrong, so that nobody learns which IAMs there are.
 */
export async function authenticateScim(db: Db, iamid: string, authorization: string | undefined): Promise<ScimActor> {
  // A bare key, which the API lets pass, is no credential of RFC 6750 2.1.
  const secret = /^bearer\s/i.test(authorization ?? '') ? fromHeader(authorization) : null
  const parsed = secret === null ? null : parse(secret)
  if (parsed?.kind === 'rs' && /^[A-Za-z][A-Za-z0-9_-]{0,63}$/.test(iamid) && iamid !== 'bim') {
    const [row] = await db.query<Row>('SELECT i.config, i.scim_key_hash AS hash FROM iams i WHERE i.id = $1', [iamid])
    if (row?.hash && sameHash(row.hash, parsed.hash) && scimEnabled(row)) return { kind: 'scim', iamid }
  }
  throw new Unauthenticated('No IAM of this Roster accepts SCIM with this credential')
}
