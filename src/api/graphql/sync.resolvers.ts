import type { Resolvers, SyncAction, SyncEntryKind, SyncEntryState, SyncMode, SyncStatus } from '../../generated/graphql.ts'
import { syncs } from '../../sync/syncs.service.ts'
import { byId } from './payloads.ts'

const upper = <Name extends string>(name: string) => name.toUpperCase() as Name

export const syncResolvers: Resolvers = {
  Query: {
    syncRuns: (_, args, context) => syncs.list(context, args),
    syncRun: (_, { ref }, context) => syncs.get(context, { id: ref }),
    syncEntries: (_, { ref, ...args }, context) => syncs.entries(context, { ...args, runId: ref }),
  },
  Mutation: {
    syncIam: (_, { input: { iamid, ...input } }, context) => syncs.start(context, { id: iamid, ...input }),
    approveSync: async (_, { input }, context) => ({ run: await syncs.approve(context, byId(input)) }),
    cancelSync: async (_, { input }, context) => ({ run: await syncs.cancel(context, byId(input)) }),
    undoSync: (_, { input }, context) => syncs.undo(context, byId(input)),
  },
  SyncRun: {
    mode: run => upper<SyncMode>(run.mode),
    status: run => upper<SyncStatus>(run.status),
    iam: ({ iamid }, _, { loaders }) => loaders.iamById.load(iamid),
    startedByUser: ({ startedById }, _, { loaders }) => (startedById === null ? null : loaders.userById.load(startedById)),
    entries: ({ id }, page, context) => syncs.entriesOf(context, { id, page, loaders: context.loaders }),
    counts: (run, _, context) => context.loaders.countsOfRun.load(run.id),
  },
  SyncCount: {
    kind: count => upper<SyncEntryKind>(count.kind),
    action: count => upper<SyncAction>(count.action),
    state: count => upper<SyncEntryState>(count.state),
  },
  SyncEntry: {
    user: (entry, _, context) => (entry.userId === null ? null : context.loaders.userById.load(entry.userId)),
    kind: entry => upper<SyncEntryKind>(entry.kind),
    action: entry => upper<SyncAction>(entry.action),
    state: entry => upper<SyncEntryState>(entry.state),
  },
}
