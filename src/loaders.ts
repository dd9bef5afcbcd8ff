/** All DataLoaders of a request; each write replaces them. */
import { shareOf } from './authorization/actor.ts'
import type { Context } from './authorization/context.ts'
import { attributeLoaders } from './domain/attributes/attributes.loaders.ts'
import { auditLoaders } from './domain/audit/audit.loaders.ts'
import { credentialLoaders } from './domain/credentials/credentials.loaders.ts'
import { groupLoaders } from './domain/groups/groups.loaders.ts'
import { iamLoaders } from './domain/iams/iams.loaders.ts'
import { projectLoaders } from './domain/projects/projects.loaders.ts'
import { userLoaders } from './domain/users/users.loaders.ts'
import { actingAs } from './platform/database/current-actor.ts'
import type { Db } from './platform/database/store.ts'
import { deprovisioningLoaders } from './scim/resources/deprovisioning.loaders.ts'
import { syncLoaders } from './sync/syncs.loaders.ts'

export function createLoaders({ actor, address, reads }: Pick<Context, 'actor' | 'address' | 'reads'>) {
  const share = shareOf(actor, address)
  const db: Db = { ...reads.db, query: (...statement) => actingAs(share, () => reads.db.query(...statement)) }
  return {
    ...userLoaders(db),
    ...groupLoaders(db),
    ...attributeLoaders(db),
    ...iamLoaders(db),
    ...credentialLoaders(db),
    ...projectLoaders(db),
    ...auditLoaders(db),
    ...syncLoaders(db),
    ...deprovisioningLoaders(db),
  }
}

type AllLoaders = ReturnType<typeof createLoaders>
declare module './authorization/context.ts' {
  interface Loaders extends AllLoaders {}
}
