import { createHash } from 'node:crypto'
import { sortKeys } from '../../domain/iams/iam.ts'
import { PreconditionFailed } from '../../platform/errors.ts'

/**
 * Weak tags (RFC 7644 3.14). `beside`: shown but not owned, such as a user's groups; it affects reads, not
 * writes.
 */
export const etagOf = (facts: unknown, beside: readonly unknown[] = []): string =>
  `W/"${digest(facts)}${beside.length > 0 ? `.${digest(beside)}` : ''}"`

const digest = (facts: unknown): string =>
  createHash('sha256')
    .update(JSON.stringify(sortKeys(facts)))
    .digest('hex')
    .slice(0, 16)

export const etagMatches = (header: string, version: string): boolean =>
  header.split(',').some(tag => tag.trim() === '*' || bare(tag) === bare(version))

const bare = (tag: string): string => tag.trim().replace(/^W\//, '')

export interface Precondition {
  readonly ifMatch?: string | undefined
  readonly ifNoneMatch?: string | undefined
}

/** Throws PreconditionFailed. Call it while the row is locked. */
export function checkVersion({ ifMatch, ifNoneMatch }: Precondition, version: string): void {
  if (ifMatch !== undefined && !etagMatches(written(ifMatch), version))
    throw new PreconditionFailed('The resource has changed since this version: read it again (If-Match)')
  if (ifNoneMatch !== undefined && etagMatches(written(ifNoneMatch), version))
    throw new PreconditionFailed('The resource already exists in this version (If-None-Match)')
}

const written = (header: string): string => header.replace(/\.[0-9a-f]{16}"/g, '"')
