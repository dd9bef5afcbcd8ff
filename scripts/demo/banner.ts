/** The text that the demo prints when it is ready. */
import { passwordOf, people } from './people.ts'
import type { Configured, Sources } from './roster.ts'

interface DemoInfo extends Sources, Configured {
  readonly url: string
  readonly admin: string
  readonly password: string
}

export function whatToTry(info: DemoInfo): string {
  const { url, admin, password } = info
  const names = people.map(({ userid }) => userid).join(', ')
  const parts = [
    `Roster is ready at ${url}, with sources to try. Ctrl-C stops all of it and leaves nothing.`,
    section('The administrator', [
      `${admin} / ${password}`,
      `playground: ${url}/graphiql (sign in at ${url}/login first)`,
      'A token for the lines below:',
      '',
      `TOKEN=$(curl -s ${url}/bim/iam/bim/user/authenticate -H 'Content-Type: application/json' \\`,
      `  -d ${quoted({ username: admin, password })} | sed 's/.*"token":"\\([^"]*\\)".*/\\1/')`,
    ]),
    directory(info),
    ...providers(info),
    scim(info),
    section('People', [
      `${names}; each password is demo- and the name, so ${passwordOf('emma')} is emma's.`,
      'Who came, and with which groups:',
      '',
      `curl -s ${url}/graphql -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json' \\`,
      `  -d '{"query": "{ users(first: 50) { nodes { iamid userid profile { name } groups { nodes { name } } } } }"}'`,
    ]),
  ]
  return `${parts.join('\n')}\n`
}

function directory({ url, ldap }: DemoInfo): string {
  if ('missing' in ldap) return section('LDAP', [`left out: ${ldap.missing}`])
  const sync = (body: string) =>
    `curl -s -X POST ${url}/iam/harbour/sync -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json' -d '${body}'`
  return section(`LDAP: the IAM harbour, an OpenLDAP at ldap://127.0.0.1:${ldap.port}`, [
    `Log in at ${url}/login as emma of Harbour directory, or:`,
    '',
    `curl -s ${url}/bim/iam/harbour/user/authenticate -H 'Content-Type: application/json' -d ${quoted({ username: 'emma', password: passwordOf('emma') })}`,
    '',
    'Everybody at once: what would be done, then do it:',
    '',
    sync('{"dryRun": true}'),
    sync('{"dryRun": false}'),
  ])
}

function providers({ url, issuer, endpoint }: DemoInfo): string[] {
  if (issuer === null)
    return [section('OpenID Connect', ['left out: oidc-provider is not installed (it is one of the devDependencies)'])]
  return [
    section(`OpenID Connect: the IAM corp, a provider at ${issuer}`, [
      `Open ${url}/login/corp and log in there as emma. Finance, which ines and karim are in, may read the audit log.`,
    ]),
    section(`User info: the IAM partners, an endpoint at ${endpoint}/user-info`, [
      `Open ${url}/login/partners: who it is the same provider says, groups and attributes come from the endpoint.`,
    ]),
  ]
}

function scim({ scimUrl, scimKey }: DemoInfo): string {
  const user = {
    schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'],
    userName: 'nora',
    displayName: 'Nora Berg',
    active: true,
  }
  return section('SCIM: the IAM hr', [
    `URL: ${scimUrl}`,
    `key: ${scimKey}`,
    '',
    `curl -s ${scimUrl}/Users -H 'Authorization: Bearer ${scimKey}' -H 'Content-Type: application/scim+json' \\`,
    `  -d ${quoted(user)}`,
  ])
}

const section = (title: string, lines: readonly string[]) =>
  `\n${title}\n${lines.map(line => (line === '' ? '' : `  ${line}`)).join('\n')}`

/** JSON, quoted for a shell. */
const quoted = (value: object) => `'${JSON.stringify(value).replaceAll("'", "'\\''")}'`
