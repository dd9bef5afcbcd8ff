// Builds the state that a rule or an example needs, through the documented paths (GraphQL only for what they lack).
import { expect } from 'vitest'
import type { TestApp } from '../harness/app.ts'
import type { Answer, Sent } from './client.ts'
import { segment, send } from './client.ts'

export type Attributes = Record<string, string[]> | null

export interface ProfileView {
  id: number
  name: string
  email: string | null
  phone: string | null
  location: string | null
  position: string | null
  preferences: Record<string, unknown> | null
  externalUserIds: Record<string, unknown>
  createdAt: string
  updatedAt: string
}

export interface UserView<P = number> {
  id: number
  iamid: string
  userid: string
  bimAuthorizations: Attributes
  iamAuthorizations: Attributes
  authorizations: Attributes
  permissions: string[]
  profile: P
  authentication: number | null
  lastLogin: string | null
  lastExternalRefresh: string
  disabled: boolean
  createdAt: string
  updatedAt: string
}

export interface NewUser {
  newUser: UserView<ProfileView>
  newUserLink: string | null
  emailSent: boolean
  emailFailed: boolean
}

export interface GroupView {
  id: number
  iamid: string
  name: string
  email: string | null
  description: string | null
  authorizations: Attributes
}

export interface Membership {
  id: number
  group: number
  profile: number
}

export interface Hits<T> {
  count: string
  hits: T[]
}

export interface NewKey {
  apikey: string
  keyid: number
  project: number | null
  name: string | null
  context: null
}

export interface LoggedIn {
  authenticated: boolean
  token: string
  tokenExpiration: string
}

interface GraphqlAnswer<T> {
  data?: T
  errors?: { message: string; extensions?: { code?: string } }[]
}

export const userPath = (userid: string | number, iamid = 'bim') => `/bim/iam/${segment(iamid)}/user/${segment(String(userid))}`
export const groupPath = (id: number, iamid = 'bim') => `/bim/iam/${segment(iamid)}/group/${id}`

let made = 0
/** A name that nothing else in this file uses. */
export const fresh = (stem: string) => `${stem}-${++made}`

export function world(app: TestApp) {
  const by =
    (token: string | undefined) =>
    <T = unknown>(method: string, path: string, sent: Sent = {}): Promise<Answer<T>> =>
      send<T>(app.url, method, path, { token, ...sent })
  const admin = by(app.admin.token)

  /** The administrator's request, which has to succeed. */
  async function must<T>(method: string, path: string, json?: unknown, token = app.admin.token): Promise<T> {
    const answer = await send<T>(app.url, method, path, { token, json })
    expect(answer.status, `${method} ${path}: ${answer.text}`).toBe(200)
    return answer.body
  }

  async function graphql<T>(query: string, variables: Record<string, unknown> = {}, token: string = app.admin.token): Promise<T> {
    const answer = await send<GraphqlAnswer<T>>(app.url, 'POST', '/graphql', { token, json: { query, variables } })
    expect(answer.body?.errors, `${query}: ${answer.text}`).toBeUndefined()
    return answer.body.data as T
  }

  const login = async (userid: string, password: string) =>
    (await must<LoggedIn>('POST', '/bim/iam/bim/user/authenticate', { username: userid, password })).token

  const directory = {
    options: {
      host: 'ldap.roster.example',
      port: 636,
      useSSL: true,
      userSearchBase: 'ou=people,dc=roster,dc=example',
      userSearchFilter: 'mail=%s',
    },
  }

  return {
    anonymous: by(undefined),
    by,
    admin,
    must,
    graphql,
    login,
    createUser: (userid: string, more: object = {}) => must<NewUser>('POST', '/bim/iam/bim/user', { userid, ...more }),
    getUser: (userid: string | number, iamid = 'bim') => must<UserView<ProfileView>>('GET', userPath(userid, iamid)),
    createGroup: (name: string, more: object = {}) => must<GroupView>('POST', '/bim/group', { iamid: 'bim', name, ...more }),
    addMember: (groupId: number, userid: string, iamid = 'bim') =>
      must<Membership>('POST', `/bim/group/${groupId}/user`, { userid, iamid }),
    tag: (userid: string, key: string, value: string) =>
      must<UserView>('PUT', `${userPath(userid)}/authorizations/${segment(key)}/${segment(value)}`),
    tagGroup: (id: number, key: string, value: string) =>
      must<GroupView>('PUT', `${groupPath(id)}/authorizations/${segment(key)}/${segment(value)}`),
    createKey: (token: string, more: object = { name: 'a key' }) => must<NewKey>('POST', '/bim/apikey', more, token),
    keyToken: async (apikey: string) => (await must<LoggedIn>('POST', '/bim/apikey/authenticate', { apikey })).token,
    impersonate: async (apikey: string, userid: string) =>
      (await must<LoggedIn>('POST', '/bim/apikey/impersonate', { apikey, userid, iamid: 'bim' })).token,
    search: (filter: object) => must<Hits<UserView<ProfileView>>>('POST', '/bim/user/search', filter),
    /** A directory that is configured and never asked. Its users, made with createIamUser, cannot log in. */
    createIam: async (id: string, more: object = {}) => {
      const mutation = 'mutation ($input: CreateIamInput!) { createIam(input: $input) { iam { id: iamid } } }'
      await graphql(mutation, { input: { iamid: id, displayName: id, type: 'LDAP', config: directory, ...more } })
      return id
    },
    deleteIam: (id: string) =>
      graphql('mutation ($id: String!) { deleteIam(input: { iamid: $id, users: KEEP }) { deletedId } }', { id }),
    updateIam: (id: string, more: object) =>
      graphql('mutation ($input: UpdateIamInput!) { updateIam(input: $input) { iam { id: iamid } } }', {
        input: { iamid: id, ...more },
      }),
    createIamUser: (iamid: string, userid: string, profile: object = {}) => {
      const mutation = 'mutation ($input: CreateUserInput!) { createUser(input: $input) { user { id: databaseId } } }'
      return graphql(mutation, { input: { iamid, userid, profile } })
    },
    /** A project of which the token's owner is the first member; answers its id. */
    createProject: async (name: string, token?: string) => {
      const mutation = 'mutation ($name: String!) { createProject(input: { name: $name }) { project { id: databaseId } } }'
      const made = await graphql<{ createProject: { project: { id: number } } }>(mutation, { name }, token)
      return made.createProject.project.id
    },
    /** Permissions of one user within a new domain; answers the domain's id. */
    createDomain: async (name: string, userid: string, permissions: string[]) => {
      const create = 'mutation ($name: String!) { createDomain(input: { name: $name }) { domain { id: uuid } } }'
      const { id } = (await graphql<{ createDomain: { domain: { id: string } } }>(create, { name })).createDomain.domain
      const grant =
        'mutation ($input: GrantDomainPermissionInput!) { grantDomainPermission(input: $input) { domainPermission { id: uuid } } }'
      for (const permission of permissions)
        await graphql(grant, {
          input: { ref: { uuid: id }, permission, holder: { user: { name: { userid } } } },
        })
      return id
    },
    createDataSource: (name: string, owner: string) => {
      const mutation =
        'mutation ($input: CreateDataSourceInput!) { createDataSource(input: $input) { dataSource { id: databaseId } } }'
      return graphql(mutation, { input: { name, owners: [{ name: { userid: owner } }] } })
    },
  }
}

export type World = ReturnType<typeof world>

const phrases: Record<number, string> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  409: 'Conflict',
  413: 'Payload Too Large',
  415: 'Unsupported Media Type',
  429: 'Too Many Requests',
  431: 'Request Header Fields Too Large',
}

/** What the message of a 401 says, unless a test names it: which credential failed, and how. */
const UNAUTHENTICATED =
  /^(A token or an API key is needed|The token or API key is unknown|The API key is unknown|The user name or the password is wrong)/

/** The documented form of every refusal: status, phrase and message, as JSON, and none of what must never leak. */
export function expectRefusal(answer: Answer<unknown>, status: number, message?: RegExp): void {
  const what = `${answer.request} ${answer.text}`
  expect(answer.status, what).toBe(status)
  expect(answer.headers.get('content-type')).toMatch(/^application\/json/)
  const says = message ?? (status === 401 ? UNAUTHENTICATED : /./)
  expect(answer.body, what).toEqual({ statusCode: status, error: phrases[status], message: expect.stringMatching(says) })
  if (status === 429) expect(Number(answer.headers.get('retry-after'))).toBeGreaterThanOrEqual(1)
  expectNoLeak(answer.text)
}

/** A refusal of GraphQL over HTTP: one error with its code and its field, and no data. */
export function expectGraphqlRefusal(
  answer: Answer<unknown>,
  status: number,
  extensions: { code: string; field?: string },
): void {
  const { errors, data } = answer.body as { errors: { extensions: object }[]; data?: unknown }
  expect({ status: answer.status, data, errors: errors.length }, answer.text).toEqual({ status, data: undefined, errors: 1 })
  expect(errors[0]!.extensions).toMatchObject(extensions)
  expectNoLeak(answer.text)
}

/** No HTML, stack, SQL or file path in an answer. */
export function expectNoLeak(text: string): void {
  expect(text).not.toMatch(/<html|<!doctype|<pre>/i)
  expect(text).not.toMatch(/\bat .+\(.+:\d+:\d+\)|node:internal|node_modules|\.ts:\d+/)
  expect(text).not.toMatch(/\bSELECT\b.+\bFROM\b|\bINSERT INTO\b|prisma/i)
}
