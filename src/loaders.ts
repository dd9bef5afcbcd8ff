/** Everything that batches: one set of loaders a request, replaced after a write. Each room makes its own. */
import { attributeLoaders } from './attributes/attributes.loaders.ts'
import type { App } from './context.ts'
import { credentialLoaders } from './credentials/credentials.loaders.ts'
import { groupLoaders } from './groups/groups.loaders.ts'
import { iamLoaders } from './iams/iams.loaders.ts'
import { projectLoaders } from './projects/projects.loaders.ts'
import { syncLoaders } from './sync/syncs.loaders.ts'
import { userLoaders } from './users/users.loaders.ts'

export function createLoaders({ app }: { app: App }) {
  const db = app.store.db
  return {
    ...userLoaders(db),
    ...groupLoaders(db),
    ...attributeLoaders(db),
    ...iamLoaders(db),
    ...credentialLoaders(db),
    ...projectLoaders(db),
    ...syncLoaders(db),
  }
}
export type Loaders = ReturnType<typeof createLoaders>
