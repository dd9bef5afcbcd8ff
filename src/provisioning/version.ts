import { createHash } from 'node:crypto'
import { Stale } from '../errors.ts'
import { inOrder } from '../iams/iam.ts'

/** The entity tag of what a resource says (RFC 7644 3.14). Weak: the same facts, perhaps in another order. */
export const versionOf = (facts: unknown): string =>
  `W/"${createHash('sha256')
    .update(JSON.stringify(inOrder(facts)))
    .digest('hex')
    .slice(0, 16)}"`

/** Whether a header such as `W/"a", "b"` or `*` names the version. Weakly, since our tags are weak. */
export const names = (header: string, version: string): boolean =>
  header.split(',').some(tag => tag.trim() === '*' || bare(tag) === bare(version))

const bare = (tag: string): string => tag.trim().replace(/^W\//, '')

/** Throws Stale when the caller rests on another version. Ask inside the transaction that holds the row. */
export function checkVersion(ifMatch: string | undefined, version: string): void {
  if (ifMatch !== undefined && !names(ifMatch, version))
    throw new Stale('The resource has changed since this version: read it again (If-Match)')
}
