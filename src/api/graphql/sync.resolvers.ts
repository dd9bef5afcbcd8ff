import type { Resolvers, SyncEntryState, SyncMode, SyncOutcome, SyncStatus } from '../../generated/graphql.ts'
import { syncs } from '../../sync/syncs.service.ts'

const upper = <Name extends string>(name: string) => name.toUpperCase() as Name

export const syncResolvers: Resolvers = {
  Query: {
    syncRuns: (_, args, context) => syncs.list(context, args),
    syncRun: (_, { id }, context) => syncs.get(context, { id }),
    syncEntries: (_, args, context) => syncs.entries(context, args),
  },
  Mutation: {
    syncIam: (_, { input }, context) => syncs.start(context, input),
    confirmSync: async (_, { input }, context) => ({ run: await syncs.confirm(context, input) }),
    dropSync: async (_, { input }, context) => ({ run: await syncs.drop(context, input) }),
    undoSync: (_, { input }, context) => syncs.undo(context, input),
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
    outcome: count => upper<SyncOutcome>(count.outcome),
    state: count => upper<SyncEntryState>(count.state),
  },
  SyncEntry: {
    user: (entry, _, context) => (entry.userId === null ? null : context.loaders.userById.load(entry.userId)),
    outcome: entry => upper<SyncOutcome>(entry.outcome),
    state: entry => upper<SyncEntryState>(entry.state),
  },
}
