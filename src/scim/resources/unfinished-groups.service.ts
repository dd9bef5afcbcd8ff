/** Removes groups whose creation in chunks was interrupted and not repeated. */

import type { Context } from '../../authorization/context.ts'
import { command, type Service, type ServiceContext, unchanged, type WriteResult } from '../../authorization/service.ts'
import { deletion } from '../../domain/groups/groups.deletion.ts'
import { type Prepared, prepareMembers, type Wanted } from './members.chunks.ts'
import { lockUnfinishedGroup, type UnfinishedGroup, unfinishedGroups } from './unfinished-groups.store.ts'

/** Milliseconds after the last chunk. */
export const KEPT_MS = 3_600_000
const GROUPS_AT_ONCE = 100

interface Expired {
  readonly group: UnfinishedGroup
  readonly until: Date
}

const removal = {
  remove: command(
    'scim:deleteGroup',
    async (call: ServiceContext, { group, until }: Expired, _: Prepared<Wanted>): Promise<WriteResult<{ deletedId: number }>> => {
      const held = await lockUnfinishedGroup(call.db, group.id, until)
      if (!held) return unchanged({ deletedId: group.id })
      const before = { iamid: held.iamid, name: held.name, unfinishedAt: held.unfinishedAt.toISOString() }
      return deletion(call, held, { how: { before, isUnfinished: true } })
    },
    {
      // The next POST of the name waits, or is waited for.
      prepare: (call: ServiceContext, { group: { iamid, nameKey } }) =>
        prepareMembers(call, { iamid, key: `name/${nameKey}`, read: async () => ({ group: null, changes: [] }) }),
      end: ({ leave }) => leave(),
    },
  ),
} satisfies Service

export async function removeUnfinishedGroups(context: Context): Promise<void> {
  const until = new Date(Date.now() - KEPT_MS)
  for (const group of await unfinishedGroups(context.app.store.db, { until, limit: GROUPS_AT_ONCE }))
    await removal.remove(context, { group, until })
}
