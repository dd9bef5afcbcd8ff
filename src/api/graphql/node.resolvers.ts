/** Ids of all types, and what `node` and `nodes` load. */
import type { Context } from '../../authorization/context.ts'
import { exchanges } from '../../diagnostics/exchanges.service.ts'
import { attributes } from '../../domain/attributes/attributes.service.ts'
import { audit } from '../../domain/audit/audit.service.ts'
import { apiKeys } from '../../domain/credentials/apikeys.service.ts'
import { tokens } from '../../domain/credentials/tokens.service.ts'
import { listGroups } from '../../domain/groups/groups.service.ts'
import { memberships } from '../../domain/groups/memberships.service.ts'
import { iams } from '../../domain/iams/iams.service.ts'
import { domains } from '../../domain/projects/domains.service.ts'
import { projects } from '../../domain/projects/projects.service.ts'
import { dataSources } from '../../domain/projects/sources.service.ts'
import { listUsers } from '../../domain/users/users.service.ts'
import type { Resolvers } from '../../generated/graphql.ts'
import { Invalid } from '../../platform/errors.ts'
import { syncs } from '../../sync/syncs.service.ts'
import { fromGlobalId, type NodeKey, type NodeType, toGlobalId } from './node.ids.ts'

const MAX_IDS = 100

interface Loader {
  readonly key: string
  /** The field that shows the key. */
  readonly shown?: 'databaseId' | 'uuid' | 'iamid'
  /** Under the permissions of the list. */
  load(context: Context, keys: never, first: number): Promise<readonly object[]>
}

const everyone = { includeDisabled: true, excludeDeletedIams: false }
const nodesOf = async (page: Promise<{ readonly nodes: readonly object[] }>) => (await page).nodes

const loaders: Readonly<Record<NodeType, Loader>> = {
  User: {
    key: 'id',
    shown: 'databaseId',
    load: (context, ids: number[], first) => nodesOf(listUsers(context, { filter: { ...everyone, ids }, first })),
  },
  Profile: {
    key: 'profileId',
    shown: 'databaseId',
    load: (context, profileIds: number[], first) => nodesOf(listUsers(context, { filter: { ...everyone, profileIds }, first })),
  },
  Group: {
    key: 'id',
    shown: 'databaseId',
    load: (context, ids: number[], first) => nodesOf(listGroups(context, { filter: { ids }, first })),
  },
  Membership: { key: 'id', shown: 'databaseId', load: (context, ids: number[]) => memberships.withIds(context, { ids }) },
  Iam: {
    key: 'id',
    shown: 'iamid',
    load: (context, iamids: string[], first) => nodesOf(iams.list(context, { filter: { iamids }, first })),
  },
  ApiKey: { key: 'id', shown: 'databaseId', load: (context, ids: number[]) => apiKeys.withIds(context, { ids }) },
  Token: { key: 'id', shown: 'databaseId', load: (context, ids: number[]) => tokens.withIds(context, { ids }) },
  Project: {
    key: 'id',
    shown: 'databaseId',
    load: (context, ids: number[], first) => nodesOf(projects.list(context, { filter: { ids }, first })),
  },
  Domain: {
    key: 'id',
    shown: 'uuid',
    load: (context, ids: string[], first) => nodesOf(domains.list(context, { filter: { ids }, first })),
  },
  DomainPermission: { key: 'id', shown: 'uuid', load: (context, ids: string[]) => domains.grantsWithIds(context, { ids }) },
  DataSource: {
    key: 'id',
    shown: 'databaseId',
    load: (context, ids: number[], first) => nodesOf(dataSources.list(context, { filter: { ids }, first })),
  },
  AuditEvent: { key: 'id', load: (context, ids: string[]) => audit.withIds(context, { ids }) },
  SyncRun: { key: 'id', shown: 'databaseId', load: (context, ids: number[]) => syncs.withIds(context, { ids }) },
  SyncEntry: { key: 'id', load: (context, ids: number[]) => syncs.entriesWithIds(context, { ids }) },
  Exchange: { key: 'id', load: (context, ids: string[]) => exchanges.withIds(context, { ids }) },
  AttributeKey: { key: 'keyKey', load: (context, keys: string[]) => attributes.keysNamed(context, { keys }) },
}

type Row = Readonly<Record<string, NodeKey>>
type Node = object & { readonly __typename: NodeType }

async function nodes(context: Context, ids: readonly string[]): Promise<(Node | null)[]> {
  if (ids.length > MAX_IDS) throw new Invalid('ids', `must have at most ${MAX_IDS} ids`)
  const wanted = new Map<NodeType, Set<NodeKey>>()
  for (const [at, id] of ids.entries()) {
    const found = fromGlobalId(id)
    if (found === null) throw new Invalid(`ids[${at}]`, 'must be a global id, as the field id of an object has it')
    wanted.set(found.type, (wanted.get(found.type) ?? new Set()).add(found.key))
  }
  const found = new Map<string, Node>()
  for (const [type, keys] of wanted) {
    const { key, load } = loaders[type]
    for (const row of await load(context, [...keys] as never, keys.size))
      found.set(toGlobalId(type, (row as Row)[key]!), { ...row, __typename: type })
  }
  return ids.map(id => found.get(id) ?? null)
}

const idsOf = Object.fromEntries(
  Object.entries(loaders).map(([type, { key, shown }]) => [
    type,
    {
      id: (row: Row) => toGlobalId(type as NodeType, row[key]!),
      ...(shown && { [shown]: (row: Row) => row[key] }),
    },
  ]),
)

const resolvers: Resolvers = {
  Query: {
    node: async (_, { id }, context) => (await nodes(context, [id]))[0]!,
    nodes: (_, { ids }, context) => nodes(context, ids),
  },
  Node: { __resolveType: node => (node as unknown as Node).__typename },
}

export const nodeResolvers: Resolvers = { ...resolvers, ...idsOf }
