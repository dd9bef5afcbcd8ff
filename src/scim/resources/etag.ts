import { createHash } from 'node:crypto'
import { sortKeys } from '../../domain/iams/iam.ts'
import { PreconditionFailed } from '../../platform/errors.ts'

/**
 * The entity tag of what a resource says (RFC 7644 3.14). Weak: the same facts, perhaps in another order. `beside` is what it shows and others
 * change, such as a user's groups: a client that has it already is told when it is old, and may write all the same.
 */
export const etagOf = (facts: unknown, beside: readonly unknown[] = []): string =>
  `W/"${digest(facts)}${beside.length > 0 ? `.${digest(beside)}` : ''}"`

const digest = (facts: unknown): string =>
  createHash('sha256')
    .update(JSON.stringify(sortKeys(facts)))
    .digest('hex')
    .slice(0, 16)

/** Whether a header such as `W/"a", "b"` or `*` names the version. Weakly, since our tags are weak. */
export const etagMatches = (header: string, version: string): boolean =>
  header.split(',').some(tag => tag.trim() === '*' || bare(tag) === bare(version))

const bare = (tag: string): string => tag.trim().replace(/^W\//, '')

/** What a write asks of the version that is there (RFC 9110 13.1), each as its header. */
export interface Precondition {
  readonly ifMatch?: string | undefined
  readonly ifNoneMatch?: string | undefined
}

/** Throws PreconditionFailed when the caller rests on another version, or wants none that is there. Ask inside the transaction that holds the row. */
export function checkVersion({ ifMatch, ifNoneMatch }: Precondition, version: string): void {
  if (ifMatch !== undefined && !etagMatches(written(ifMatch), version))
    throw new PreconditionFailed('The resource has changed since this version: read it again (If-Match)')
  if (ifNoneMatch !== undefined && etagMatches(written(ifNoneMatch), version))
    throw new PreconditionFailed('The resource is there in a version that was not wanted (If-None-Match)')
}

/** Tags without what stands beside what is written. */
const written = (header: string): string => header.replace(/\.[0-9a-f]{16}"/g, '"')
