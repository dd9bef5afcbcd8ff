// New things for a test of GraphQL to work on, made by the administrator.
import type { TestApp } from '../../harness/app.ts'

type On = { app: TestApp }

let made = 0
export const fresh = (stem: string) => `${stem}-${++made}`

/** The administrator's request, which has to succeed; answers what the root field answers. */
async function must<T>({ app }: On, query: string, variables: object, token?: string | null): Promise<T> {
  const { data, errors } = await app.graphql(query, variables, token)
  if (errors) throw new Error(`${query}: ${JSON.stringify(errors)}`)
  return Object.values(data)[0] as T
}

interface Id {
  id: number
}
const send =
  <T>(name: string, type: string, selection: string) =>
  (on: On, input: object, token?: string | null) =>
    must<T>(on, `mutation ($input: ${type}!) { ${name}(input: $input) { ${selection} } }`, { input }, token)

export const make = {
  user: async (on: On, more: object = {}) =>
    (
      await send<{ user: Id & { userid: string } }>(
        'createUser',
        'CreateUserInput',
        'user { id: databaseId userid }',
      )(on, { userid: fresh('someone'), ...more })
    ).user,
  serviceAccount: async (on: On, more: object = {}, token?: string) =>
    (
      await send<{ user: Id & { userid: string } }>(
        'createServiceAccount',
        'CreateServiceAccountInput',
        'user { id: databaseId userid }',
      )(on, { userid: fresh('robot'), name: 'Robot', owner: { user: { name: { userid: 'admin' } } }, ...more }, token)
    ).user,
  group: async (on: On) =>
    (await send<{ group: Id }>('createGroup', 'CreateGroupInput', 'group { id: databaseId }')(on, { name: fresh('crew') })).group
      .id,
  member: async (on: On, groupId: number, userId: number) => {
    const add = send<{ membership: Id }>('addGroupMember', 'AddGroupMemberInput', 'membership { id: databaseId }')
    return (await add(on, { group: { databaseId: groupId }, user: { databaseId: userId } })).membership.id
  },
  logIn: async (on: On, userid: string, password: string) =>
    (await send<{ token: string }>('logIn', 'LogInInput', 'token')(on, { userid, password }, null)).token,
  key: (on: On, token?: string, more: object = {}) =>
    send<{ secret: string; apiKey: Id }>('createApiKey', 'CreateApiKeyInput', 'secret apiKey { id: databaseId }')(
      on,
      { name: 'a key', ...more },
      token,
    ),
  keyToken: async (on: On, apikey: string) =>
    (await send<{ token: string }>('authenticateApiKey', 'AuthenticateApiKeyInput', 'token')(on, { apikey }, null)).token,
  iam: async (on: On) =>
    (await send<{ iam: { id: string } }>('createIam', 'CreateIamInput', 'iam { id: iamid }')(on, directory())).iam.id,
  /** A sync of an IAM of its own, with somebody whom it disabled. */
  sync: async (on: On, status: 'quarantined' | 'finished') => {
    const iamid = await make.iam(on)
    const [run] = await on.app.store.db.query<Id>(
      `INSERT INTO sync_runs (iamid, mode, started_by, dry_run, status, planned, applied) VALUES ($1, 'full', 'stock', false, $2, 1, 1) RETURNING id`,
      [iamid, status],
    )
    await on.app.store.db.query(
      `WITH gone AS (INSERT INTO users (iamid, userid, userid_key, name, name_key, disabled, disabled_by) VALUES ($1, 'gone', 'gone', 'Gone', 'gone', true, $1) RETURNING id)
       INSERT INTO sync_entries (run_id, kind, name, name_key, user_id, action, state) SELECT $2::int, 'user', 'gone', 'gone', id, 'disable', 'applied' FROM gone`,
      [iamid, run!.id],
    )
    return run!.id
  },
  project: async (on: On) =>
    (
      await send<{ project: Id }>(
        'createProject',
        'CreateProjectInput',
        'project { id: databaseId }',
      )(on, { name: fresh('project') })
    ).project.id,
  domain: async (on: On) =>
    (
      await send<{ domain: { id: string } }>(
        'createDomain',
        'CreateDomainInput',
        'domain { id: uuid }',
      )(on, { name: fresh('domain') })
    ).domain.id,
  dataSource: async (on: On) =>
    (
      await send<{ dataSource: Id }>(
        'createDataSource',
        'CreateDataSourceInput',
        'dataSource { id: databaseId }',
      )(on, { name: fresh('source') })
    ).dataSource.id,
}

export const directory = () => ({
  displayName: fresh('Directory'),
  type: 'LDAP',
  config: {
    options: { host: 'ldap.roster.example', port: 636, useSSL: true, userSearchBase: 'dc=roster', userSearchFilter: 'mail=%s' },
  },
})

export const grantWithin = async (on: On, input: object) =>
  (
    await send<{ domainPermission: { id: string } }>(
      'grantDomainPermission',
      'GrantDomainPermissionInput',
      'domainPermission { id: uuid }',
    )(on, input)
  ).domainPermission.id
