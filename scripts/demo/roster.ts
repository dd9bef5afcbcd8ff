/** Configures the demo's gateway over HTTP, as an administrator. */
import { reader, suffix } from './directory.ts'
import { credentials } from './endpoint.ts'
import { SECRET } from './provider.ts'

export interface Sources {
  readonly ldap: { readonly port: number } | { readonly missing: string }
  readonly issuer: string | null
  readonly endpoint: string
}

export interface Configured {
  readonly scimKey: string
  readonly scimUrl: string
}

export async function configure(url: string, userid: string, password: string, sources: Sources): Promise<Configured> {
  const { logIn } = await ask(url, null, 'mutation ($input: LogInInput!) { logIn(input: $input) { token } }', {
    input: { userid, password },
  })
  const token = (logIn as { token: string }).token
  const create = (id: string, displayName: string, type: string, config: object, rest: object = {}) =>
    ask(url, token, 'mutation ($input: CreateIamInput!) { createIam(input: $input) { iam { id: iamid } } }', {
      input: { iamid: id, displayName, type, config, ...rest },
    })
  if ('port' in sources.ldap) await create('harbour', 'Harbour directory (LDAP)', 'LDAP', ldap(sources.ldap.port))
  if (sources.issuer !== null) {
    await create('corp', 'Corporate log-in (OpenID Connect)', 'OPENID', openid(sources.issuer, 'corp'), {
      groupPermissions: { Finance: ['AUDIT'] },
    })
    await create('partners', 'Partners (log-in and user info)', 'OPENID', partners(sources.issuer, sources.endpoint))
  }
  await create('hr', 'Human resources (SCIM)', 'OPENID', { scimEnabled: true })
  const { generateScimKey } = await ask(
    url,
    token,
    'mutation { generateScimKey(input: { iamid: "hr" }) { scimKey scimUrl } }',
    {},
  )
  return generateScimKey as Configured
}

const ldap = (port: number) => ({
  options: {
    host: '127.0.0.1',
    port,
    userSearchBase: `ou=people,${suffix}`,
    userSearchFilter: 'uid=%s',
    groupSearchBase: `ou=groups,${suffix}`,
    groupSearchFilter: '(&(objectClass=groupOfNames)(cn=%s*))',
    userGroupSearchFilter: '(member=<dn>)',
  },
  credentials: { bind_dn: reader.dn, bind_pw: reader.password },
  schema: { profile: { name: 'cn', email: 'mail', position: 'title' }, authorizations: { Title: 'title' } },
})

const openid = (issuer: string, clientId: string) => ({
  options: {
    discoverUrl: issuer,
    clientId,
    clientSecret: SECRET,
    enableSSL: false,
    scopes: ['openid', 'profile', 'email', 'groups'],
  },
  schema: { profile: { name: 'name', email: 'email', position: 'title' } },
})

const partners = (issuer: string, endpoint: string) => ({
  ...openid(issuer, 'partners'),
  supportedActions: ['syncRestGroups', 'syncRestAuthorizations'],
  externalUserInfo: { uri: `${endpoint}/user-info`, useAuth: true, authentication: credentials, timeoutMs: 3_000 },
})

async function ask(url: string, token: string | null, query: string, variables: object): Promise<Record<string, unknown>> {
  const answer = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(token !== null && { authorization: `Bearer ${token}` }) },
    body: JSON.stringify({ query, variables }),
  })
  const { data, errors } = (await answer.json()) as { data: Record<string, unknown>; errors?: { message: string }[] }
  if (errors) throw new Error(errors.map(({ message }) => message).join('; '))
  return data
}
