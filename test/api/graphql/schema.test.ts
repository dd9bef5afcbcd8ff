// What schema.graphql promises of itself: every part described, every root field resolved, what can be hidden nullable.
import {
  type GraphQLEnumType,
  type GraphQLNamedType,
  type GraphQLObjectType,
  type GraphQLOutputType,
  getNamedType,
  isCompositeType,
  isEnumType,
  isInputObjectType,
  isIntrospectionType,
  isListType,
  isNonNullType,
  isObjectType,
  isRequiredArgument,
  isSpecifiedScalarType,
  isUnionType,
} from 'graphql'
import { afterAll, describe, expect, test } from 'vitest'
import { createSchema } from '../../../src/api/graphql/schema.ts'
import { type FieldGroup, fields } from '../../../src/authorization/policy.ts'
import { bootApp, type Person } from '../../harness/app.ts'
import { stockUp } from './stock.ts'

const schema = createSchema()
const types = Object.values(schema.getTypeMap()).filter(type => !isIntrospectionType(type) && !isSpecifiedScalarType(type))

interface Described {
  name: string
  description?: string | null
}

/** Everything with a name within a type, by its dotted name. */
function partsOf(type: GraphQLNamedType): [string, Described][] {
  const named = (of: readonly Described[], under: string) =>
    of.map(part => [`${under}.${part.name}`, part] as [string, Described])
  if (isEnumType(type)) return named((type as GraphQLEnumType).getValues(), type.name)
  if (isInputObjectType(type)) return named(Object.values(type.getFields()), type.name)
  if (!isObjectType(type)) return []
  return Object.values(type.getFields()).flatMap(field => [
    [`${type.name}.${field.name}`, field] as [string, Described],
    ...named(field.args, `${type.name}.${field.name}`),
  ])
}

test('every type, field, argument, enum value and input field has a sentence', () => {
  const parts = types.flatMap(type => [[type.name, type] as [string, Described], ...partsOf(type)])
  expect(parts.length).toBeGreaterThan(500)
  expect(parts.filter(([, { description }]) => !/^\S.*[.\])]$/s.test(description ?? '')).map(([name]) => name)).toEqual([])
})

test('descriptions name the noun', () => {
  const parts = types.flatMap(type => [[type.name, type] as [string, Described], ...partsOf(type)])
  const vague = /^(Which|Whose|Whom|Its|Their|By what|Where it stands|When|Who)\b/
  expect(parts.filter(([, { description }]) => vague.test(description ?? '')).map(([name]) => name)).toEqual([])
})

test('the schema opens with a guide', () => {
  expect(schema.description?.match(/^\*\*[^*]+\*\*/gm)).toEqual([
    '**Authentication.**',
    '**Paging.**',
    '**Errors.**',
    '**Cost.**',
    '**Hidden fields.**',
  ])
})

describe('root fields', () => {
  const roots = [schema.getQueryType()!, schema.getMutationType()!].flatMap(type => Object.values(type.getFields()))

  test('each has a resolver of its own', () => {
    expect(roots.filter(({ resolve }) => resolve === undefined).map(({ name }) => name)).toEqual([])
  })

  test('each is nullable, since it can be refused', () => {
    expect(roots.filter(({ type }) => isNonNullType(type)).map(({ name }) => name)).toEqual([])
  })
})

describe('lists', () => {
  const fields = types
    .filter(isObjectType)
    .flatMap(type => Object.values(type.getFields()).map(field => ({ name: `${type.name}.${field.name}`, field })))
  const bare = (type: GraphQLOutputType) => (isNonNullType(type) ? type.ofType : type)

  test('of objects are connections, but for what an object is made of and what a write answers', () => {
    const plain = fields.filter(
      ({ name, field }) =>
        isListType(bare(field.type)) &&
        isCompositeType(getNamedType(field.type)) &&
        !/(Connection\.nodes|Connection\.edges|Payload\.(warnings|changes))$/.test(name),
    )
    expect(plain.map(({ name }) => name).toSorted()).toEqual([
      'CloneUserPayload.users',
      'EditAttributesPayload.owners',
      'EraseUserPayload.tables',
      'Exchange.changes',
      'ExchangeReplay.changes',
      'Group.attributes',
      'Iam.scimKeys',
      'IamType.options',
      'ImportUsersPayload.rows',
      'ImportedRow.faults',
      'Query.iamTypes',
      'Query.nodes',
      'SyncRun.counts',
      'User.attributes',
      'User.effectiveAttributes',
      'User.permissionGrants',
      'User.sourceIds',
      'UserFacets.iams',
      'UserFacets.permissions',
      'UserFacets.states',
    ])
  })

  test('that are connections page from both ends and by offset', () => {
    const connections = fields.filter(({ field }) => getNamedType(field.type).name.endsWith('Connection'))
    expect(connections.length).toBeGreaterThan(20)
    for (const { name, field } of connections)
      expect(
        field.args.map(argument => argument.name),
        name,
      ).toEqual(expect.arrayContaining(['first', 'after', 'last', 'before', 'offset']))
  })
})

/** The fields that each group of the policy hides. A new group does not compile until its fields stand here. */
const hidden = {
  'User.owner': ['User.owner'],
  'User.private': [
    'User.groupPermissions',
    'User.permissionGrants',
    'User.authorizations',
    'User.bimAuthorizations',
    'User.iamAuthorizations',
    'User.attributes',
    'User.disabledBy',
  ],
  'UserConnection.facets': ['UserConnection.facets'],
  'User.groups': ['User.effectiveAttributes', 'User.memberships', 'User.membershipIn', 'User.groups'],
  'User.sourceIds': ['User.sourceIds'],
  'User.domainPermissions': ['User.domainPermissions'],
  'User.apiKeys': ['User.apiKeys'],
  'User.tokens': ['User.tokens'],
  'Profile.private': ['Profile.phone', 'Profile.sqlUser', 'Profile.preferences', 'Profile.externalUserIds', 'Profile.scim'],
  'Group.private': [
    'Group.scim',
    'Group.scimid',
    'Group.authorizations',
    'Group.bimAuthorizations',
    'Group.iamAuthorizations',
    'Group.attributes',
    'Group.permissions',
  ],
  'Membership.private': [
    'Membership.user',
    'Membership.sources',
    'Membership.since',
    'Membership.addedBy',
    'Membership.createdAt',
    'Membership.updatedAt',
  ],
  'User.auditEvents': ['User.auditEvents'],
  'Iam.private': [
    'Iam.scimEnabled',
    'Iam.scimUrl',
    'Iam.scimKeyPrefix',
    'Iam.scimKeys',
    'Iam.scimDeprovisioningHeldAt',
    'Iam.groupPermissions',
    'Iam.config',
    'Iam.entryIds',
    'Iam.entryIdsMissingSince',
    'Iam.secrets',
    'Iam.createdAt',
    'Iam.updatedAt',
  ],
  'Iam.syncs': ['Iam.syncRuns', 'Iam.lastSuccessfulSync'],
  'Iam.defaultPermissions': ['Iam.defaultPermissions'],
  'Change.values': ['Change.before', 'Change.after'],
  'Permission.rules': ['Permission.rules'],
  'Domain.permissions': ['Domain.permissions'],
  'Project.members': ['Project.members'],
} satisfies Record<FieldGroup, string[]>

describe('fields that may be hidden', () => {
  const all = Object.values(hidden).flat()
  const field = (name: string) => (schema.getType(name.split('.')[0]!) as GraphQLObjectType).getFields()[name.split('.')[1]!]

  test('are those with a description that says so', () => {
    expect(Object.keys(hidden).toSorted()).toEqual(Object.keys(fields).toSorted())
    const documented = types
      .filter(isObjectType)
      .flatMap(partsOf)
      .filter(([, { description }]) => /Hidden without|Private\.$/.test(description ?? ''))
      .map(([name]) => name)
    expect(documented.toSorted()).toEqual(all.toSorted())
  })

  test('are nullable', () => {
    expect(all.filter(name => isNonNullType(field(name)!.type))).toEqual([])
  })
})

describe('what is hidden', async () => {
  const app = await bootApp()
  afterAll(() => app.close())
  await stockUp(app.store, 2)
  await app.store.db.query(`UPDATE users SET sql_user = 's', scim = '{"a": 1}', disabled = true WHERE userid LIKE 'stock%'`)
  await app.store.db.query(
    `UPDATE users SET kind = 'SERVICE', email = NULL, email_key = '', owner_group_id = (SELECT min(id) FROM groups) WHERE iamid = 'bim' AND userid = 'stock1'`,
  )
  await app.store.db.query(`UPDATE groups SET scim = '{"a": 1}', scimid = 'x'`)
  await app.store.db.query(
    `INSERT INTO group_attributes (group_id, key, key_key, value, source) SELECT id, 'Key', 'key', 'value', 'stock1' FROM groups`,
  )
  await app.store.db.query(
    `UPDATE iams SET type = 'ldap', config = '{"supportedActions": ["scimEnabled"], "options": {}}', ids_missing_since = now() WHERE id = 'stock1'`,
  )
  await app.store.db.query(`INSERT INTO scim_keys (iamid, prefix, hash) VALUES ('stock1', 'rs_x', 'x')`)
  await app.store.db.query(`INSERT INTO scim_guards (iamid, held_at) VALUES ('stock1', now())`)

  /** Each hidden field as a caller sees it on a record in a list that is not theirs. */
  async function seenBy({ id, token }: Person): Promise<Record<string, unknown>> {
    await app.store.db.query(
      `INSERT INTO domain_permissions (domain_id, permission, user_id) SELECT id, 'Manage Policies', $1::int FROM domains`,
      [id],
    )
    const of = (type: string, ...groups: FieldGroup[]) =>
      groups
        .flatMap(group => hidden[group])
        .filter(name => name.startsWith(`${type}.`))
        .map(name => {
          const leaf = name.split('.')[1]!
          const inner = schema.getType(type)
          const subfields =
            isObjectType(inner) && /\[|^[A-Z]\w+!?$/.test(String(inner.getFields()[leaf]!.type)) ? inner.getFields()[leaf]! : null
          const named = subfields && schema.getType(String(subfields.type).replace(/[[\]!]/g, ''))
          const given =
            isObjectType(inner) && inner.getFields()[leaf]!.args.some(isRequiredArgument) ? '(group: { databaseId: 1 })' : ''
          return isObjectType(named) || isUnionType(named) ? `${leaf}${given} { __typename }` : leaf
        })
        .join(' ')
    const profile = `profile { ${of('Profile', 'Profile.private')} }`
    const user = `${of('User', 'User.private', 'User.groups', 'User.sourceIds', 'User.domainPermissions', 'User.apiKeys', 'User.tokens', 'User.auditEvents', 'User.owner')}`
    const query = `{
      users(first: 1, filter: { userid: "stock1", iamids: ["bim"], includeDisabled: true }) { ${of('UserConnection', 'UserConnection.facets')} nodes { ${user} ${profile} currentProject { ${of('Project', 'Project.members')} } } }
      groups(first: 1) { nodes { ${of('Group', 'Group.private')} members(first: 1) { nodes { ${of('Membership', 'Membership.private')} } } } }
      viewer { user { domainPermissions { nodes { domain { ${of('Domain', 'Domain.permissions')} } } } } }
      iam(iamid: "stock1") { ${of('Iam', 'Iam.private', 'Iam.syncs', 'Iam.defaultPermissions')} }
      permissions(first: 1) { nodes { ${of('Permission', 'Permission.rules')} } }
    }`
    const { data, errors } = await app.graphql(query, {}, token)
    // Who may not list permissions sees none of their rules.
    const others = errors?.filter(({ path }: { path?: string[] }) => path?.[0] !== 'permissions') ?? []
    expect(others, query).toEqual([])
    // One's own tokens without a permission; another user's permissions with all of them.
    const write =
      id === app.admin.id
        ? `setUserPermissions(input: { ref: { name: { userid: "stock1" } }, permissions: [], dryRun: true })`
        : `signOutEverywhere(input: { ref: { databaseId: ${id} }, dryRun: true })`
    const dry = await app.graphql(`mutation { payload: ${write} { changes { ${of('Change', 'Change.values')} } } }`, {}, token)
    expect(dry.errors, write).toBeUndefined()
    const [one, crew] = [data.users.nodes[0], data.groups.nodes[0]]
    const records = {
      User: one,
      UserConnection: data.users,
      Profile: one.profile,
      Project: one.currentProject,
      Group: crew,
      Membership: crew.members.nodes[0],
      Iam: data.iam,
      Domain: data.viewer.user.domainPermissions.nodes[0].domain,
      Change: dry.data.payload.changes[0],
      Permission: data.permissions?.nodes[0] ?? { rules: null },
    }
    return Object.fromEntries(
      Object.values(hidden)
        .flat()
        .map(name => {
          const [type, leaf] = name.split('.') as [keyof typeof records, string]
          return [name, records[type][leaf]]
        }),
    )
  }

  test('is null without an error for who may not see it', async () => {
    const seen = await seenBy(await app.as([]))
    expect(Object.values(seen)).toEqual(Object.values(seen).map(() => null))
  })

  test('is there for who may', async () => {
    const seen = await seenBy(app.admin)
    expect(Object.entries(seen).filter(([, value]) => value === null || value === undefined)).toEqual([])
  })
})
