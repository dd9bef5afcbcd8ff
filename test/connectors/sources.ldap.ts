// A real OpenLDAP behind a TLS proxy: log-in by password, a refresh by an administrator, and a sync of one person. Group names stand in `description`, since a
// `cn` is part of a DN and could not hold all of them.
import { Attribute, Change, Client } from 'ldapts'
import type { TestApp } from '../harness/app.ts'
import { account, slapdFolder, startSlapd } from '../harness/slapd.ts'
import { groups, ldif, people } from './directory.ts'
import { createIam, type Kind, leftOut, rest, type SourceHandle, updateIam, warned } from './sources.ts'
import { type TlsProxy, tlsProxy } from './tls-proxy.ts'

const missing = slapdFolder === null ? 'no slapd or no openssl found' : null

export const ldapLogIn: Kind = { name: 'LDAP log-in', missing, open: (app, iamid) => open(app, iamid, 'log-in') }
export const ldapRefresh: Kind = { name: 'LDAP refresh', missing, open: (app, iamid) => open(app, iamid, 'refresh') }
export const ldapSync: Kind = { name: 'LDAP sync', missing, open: (app, iamid) => open(app, iamid, 'sync') }

const configOf = ({ port }: TlsProxy, { quiet = false, secure = false } = {}) => ({
  options: {
    host: '127.0.0.1',
    port,
    useSSL: secure,
    userSearchBase: people,
    userSearchFilter: 'uid=%s',
    connectTimeout: 60_000,
    ...(quiet ? {} : { groupSearchBase: groups, userGroupSearchFilter: '(member=<dn>)' }),
  },
  credentials: { bind_dn: account.dn, bind_pw: account.password },
  schema: { profile: { name: 'cn' }, group: { name: 'description' }, ...(quiet ? {} : { authorizations: { Team: 'title' } }) },
})

async function open(app: TestApp, iamid: string, way: 'log-in' | 'refresh' | 'sync'): Promise<SourceHandle> {
  const slapd = await startSlapd({ ldif })
  const before = await tlsProxy({ port: slapd.port })
  await createIam(app, iamid, 'LDAP', configOf(before))
  const writer = new Client({ url: `ldap://127.0.0.1:${slapd.port}` })
  await writer.bind(slapd.root.dn, slapd.root.password)
  const directory = directoryOf(writer)
  let quiet = false
  const configure = (next: { quiet?: boolean; secure?: boolean }) => updateIam(app, iamid, configOf(before, next))
  const logIn = (username: string) =>
    rest(app, 'POST', `/bim/iam/${iamid}/user/authenticate`, null, { username, password: `pw-${username}` })
  const status = 503
  const logged = warned(iamid, way === 'sync' ? /^a sync failed$/ : /^the directory gave no answer$/)
  const refused = { status, logged }
  return {
    iamid,
    source: iamid,
    profiles: true,
    key: 'Team',
    disabled: way === 'log-in' ? 401 : 200,
    async arrives(userid) {
      if (way !== 'refresh') return
      await app.store.db.query(
        `INSERT INTO users (iamid, userid, userid_key, name, name_key) VALUES ($1, $2, $2, $2, $2) ON CONFLICT DO NOTHING`,
        [iamid, userid],
      )
    },
    async provides(userid, user) {
      if (quiet) await configure({})
      quiet = false
      await directory.person(userid, user.name, user.team)
      await directory.groups(userid, user.groups)
    },
    // A directory returns all values: only an attribute that is not requested is left out.
    async omits() {
      quiet = true
      await configure({ quiet })
    },
    approach: async (userid, by = app.admin.token) =>
      way === 'log-in'
        ? () => logIn(userid)
        : way === 'refresh'
          ? () => rest(app, 'PUT', `/bim/iam/${iamid}/user/${userid}`, by)
          : () => rest(app, 'POST', `/iam/${iamid}/sync`, by, { dryRun: false, userId: userid }),
    ...(way === 'sync' && { abreast: 1 }),
    ...(way !== 'log-in' && { token: async userid => (JSON.parse((await logIn(userid)).body) as { token: string }).token }),
    async trouble(kind) {
      before.is(kind)
      if (kind === 'wrong certificate') await configure({ secure: true })
      return async () => {
        before.is('through')
        if (kind === 'wrong certificate') await configure({})
      }
    },
    waiting: () => before.waiting(),
    refusals: { gone: refused, hangs: refused, garbage: refused, 'wrong certificate': refused },
    // A run has an entry for each user, and goes on after the last administrator's.
    reports: way === 'sync' ? (_, __, userid) => hasReason(app, iamid, userid) : leftOut(iamid),
    ...(way === 'sync' && { lastAdministrator: 200 }),
    secrets: [account.password, 'pw-'],
    async close() {
      await writer.unbind()
      await before.close()
      await slapd.close()
    },
  }
}

/** Whether the last sync entry of the user has a reason. */
async function hasReason(app: TestApp, iamid: string, name: string): Promise<boolean> {
  const entry = await app.store.db.prisma.syncEntry.findFirst({ where: { name, run: { iamid } }, orderBy: { id: 'desc' } })
  return entry !== null && entry.reason !== null
}

/** Writes users and groups to the directory; each is created at its first use. */
function directoryOf(writer: Client) {
  const known = new Set<string>()
  const members = new Map<string, Set<string>>()
  const dnOf = (userid: string) => `uid=${userid},${people}`
  const replace = (dn: string, type: string, values: string[]) =>
    writer.modify(dn, new Change({ operation: 'replace', modification: new Attribute({ type, values }) }))
  return {
    async person(userid: string, name: string, team: readonly string[]) {
      if (!known.has(userid)) {
        const objectClass = ['inetOrgPerson']
        await writer.add(dnOf(userid), { objectClass, uid: userid, cn: name, sn: 'Person', userPassword: `pw-${userid}` })
        known.add(userid)
      }
      await replace(dnOf(userid), 'cn', [name])
      await replace(dnOf(userid), 'title', [...team])
    },
    async groups(userid: string, names: readonly string[]) {
      for (const name of new Set([...names, ...members.keys()])) {
        const held = members.get(name) ?? new Set([account.dn])
        const dn = `cn=g${[...members.keys()].indexOf(name)},${groups}`
        const wanted = names.includes(name)
        if (!members.has(name)) {
          members.set(name, held.add(dnOf(userid)))
          const entry = { objectClass: 'groupOfNames', description: name, member: [...held] }
          await writer.add(`cn=g${members.size - 1},${groups}`, { ...entry, cn: `g${members.size - 1}` })
        } else if (held.has(dnOf(userid)) !== wanted) {
          if (wanted) held.add(dnOf(userid))
          else held.delete(dnOf(userid))
          await replace(dn, 'member', [...held])
        }
      }
    },
  }
}
