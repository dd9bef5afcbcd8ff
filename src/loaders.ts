/** The DataLoaders of a request: one set each, replaced after a write. Each module makes its own. */
import { shareOf } from './access/actor.ts'
import { attributeLoaders } from './attributes/attributes.loaders.ts'
import type { Context } from './context.ts'
import { credentialLoaders } from './credentials/credentials.loaders.ts'
import { groupLoaders } from './groups/groups.loaders.ts'
import { iamLoaders } from './iams/iams.loaders.ts'
import { projectLoaders } from './projects/projects.loaders.ts'
import { deprovisioningLoaders } from './provisioning/deprovisioning.loaders.ts'
import { actingAs } from './store/acting.ts'
import type { Db } from './store/store.ts'
import { syncLoaders } from './sync/syncs.loaders.ts'
import { userLoaders } from './users/users.loaders.ts'

export function createLoaders({ app, actor, address }: Pick<Context, 'app' | 'actor' | 'address'>) {
  const share = shareOf(actor, address)
  const { store } = app
  const db: Db = { ...store.db, query: (...statement) => actingAs(share, () => store.db.query(...statement)) }
  return {
    ...userLoaders(db),
    ...groupLoaders(db),
    ...attributeLoaders(db),
    ...iamLoaders(db),
    ...credentialLoaders(db),
    ...projectLoaders(db),
    ...syncLoaders(db),
    ...deprovisioningLoaders(db),
  }
}

type AllLoaders = ReturnType<typeof createLoaders>
declare module './context.ts' {
  interface Loaders extends AllLoaders {}
}
