// A directory of an organisation of any size, an IAM for it, and ways to change both.
import { Attribute, Change, Client } from 'ldapts'
import { expect } from 'vitest'
import { type Answer, send } from '../contract/client.ts'
import type { TestApp } from '../harness/app.ts'
import { account, type Slapd, startSlapd, suffix } from '../harness/slapd.ts'

export const people = `ou=people,${suffix}`
export const groups = `ou=groups,${suffix}`
/** Outside of where people are searched. */
const left = `ou=left,${suffix}`
export const unlimited = 'size.soft=unlimited size.hard=unlimited size.pr=1000 size.prtotal=unlimited'
export const dnOf = (uid: string) => `uid=${uid},${people}`

const unit = (dn: string, name: string) => `dn: ${dn}\nobjectClass: organizationalUnit\nou: ${name}\n`
export const personLdif = (uid: string, more = '') =>
  `dn: ${dnOf(uid)}\nobjectClass: inetOrgPerson\nuid: ${uid}\ncn: Name of ${uid}\nsn: Person\nmail: ${uid}@roster.example\nuserPassword: pw-${uid}\n${more}`
export const groupLdif = (name: string, members: readonly string[], more = '') =>
  `dn: cn=${name},${groups}\nobjectClass: groupOfNames\ncn: ${name}\n${members.map(dn => `member: ${dn}\n`).join('')}${more}`

export const head = [
  `dn: ${suffix}\nobjectClass: dcObject\nobjectClass: organization\ndc: roster\no: Roster\n`,
  unit(people, 'people'),
  unit(groups, 'groups'),
  unit(left, 'left'),
  // Kept by another server, which nobody is to be sent to: every search for people meets it.
  `dn: ou=elsewhere,${people}\nobjectClass: referral\nobjectClass: extensibleObject\nou: elsewhere\nref: ldap://127.0.0.1:1/ou=people,dc=elsewhere\n`,
  `dn: ${account.dn}\nobjectClass: person\ncn: reader\nsn: reader\nuserPassword: ${account.password}\n`,
]

export const startDirectory = (entries: readonly string[], limit = unlimited): Promise<Slapd> =>
  startSlapd({ ldif: [...head, ...entries].join('\n'), tls: 'none', limit })

export interface Directory {
  add(dn: string, attributes: Record<string, string | string[]>): Promise<void>
  /** For good: an entry added again is another one. */
  remove(dn: string): Promise<void>
  /** Out of Roster's sight, and back: the same entry. */
  leave(dn: string): Promise<void>
  comeBack(dn: string): Promise<void>
  /** To another DN; of a person that is another userid. */
  rename(dn: string, to: string): Promise<void>
  set(dn: string, attribute: string, values: string[]): Promise<void>
  join(group: string, members: string[]): Promise<void>
}

/** Changes by the directory's own administrator. */
export function directoryAt(slapd: Slapd): Directory {
  const by = async (work: (client: Client) => Promise<void>) => {
    const client = new Client({ url: `ldap://127.0.0.1:${slapd.port}` })
    try {
      await client.bind(slapd.root.dn, slapd.root.password)
      await work(client)
    } finally {
      await client.unbind()
    }
  }
  const change = (dn: string, operation: 'replace' | 'add', type: string, values: string[]) =>
    by(client => client.modify(dn, new Change({ operation, modification: new Attribute({ type, values }) })))
  return {
    add: (dn, attributes) => by(client => client.add(dn, attributes)),
    remove: dn => by(client => client.del(dn)),
    leave: dn => by(client => client.modifyDN(dn, dn.replace(people, left))),
    comeBack: dn => by(client => client.modifyDN(dn.replace(people, left), dn)),
    rename: (dn, to) => by(client => client.modifyDN(dn, to)),
    set: (dn, attribute, values) => change(dn, 'replace', attribute, values),
    join: (group, members) => change(`cn=${group},${groups}`, 'add', 'member', members),
  }
}

/** Gives an entry another first name, by the directory's own administrator. */
export const renamer = (slapd: Slapd) => async (dn: string, name: string) => {
  const client = new Client({ url: `ldap://127.0.0.1:${slapd.port}` })
  try {
    await client.bind(slapd.root.dn, slapd.root.password)
    await client.modifyDN(dn, `${name},${dn.slice(dn.indexOf(',') + 1)}`)
  } finally {
    await client.unbind()
  }
}

export const person = (uid: string) => ({
  objectClass: 'inetOrgPerson',
  uid,
  cn: `Name of ${uid}`,
  sn: 'Person',
  mail: `${uid}@roster.example`,
  userPassword: `pw-${uid}`,
})

export const configOf = (slapd: Slapd, { options = {}, ...more }: { options?: object; [more: string]: unknown } = {}) => ({
  options: {
    host: '127.0.0.1',
    port: slapd.port,
    userSearchBase: people,
    userSearchFilter: 'uid=%s',
    groupSearchBase: groups,
    userGroupSearchFilter: '(member=<dn>)',
    connectTimeout: 2_000,
    ...options,
  },
  credentials: { bind_dn: account.dn, bind_pw: account.password },
  schema: {
    profile: { name: 'cn', email: 'mail', position: 'title' },
    authorizations: { Title: 'title' },
    group: { description: 'description' },
  },
  ...more,
})

/** What scripts and people do with syncs, each answer as it comes. */
export function syncsOf(app: TestApp) {
  const must = async (query: string, variables: object = {}) => {
    const { data, errors } = await app.graphql(query, variables)
    expect(errors, query).toBeUndefined()
    return data
  }
  return {
    must,
    makeIam: (id: string, config: object, more: object = {}) =>
      must('mutation ($input: CreateIamInput!) { createIam(input: $input) { iam { id: iamid } } }', {
        input: { iamid: id, displayName: id, type: 'LDAP', config, ...more },
      }),
    changeIam: (id: string, config: object) =>
      must('mutation ($input: UpdateIamInput!) { updateIam(input: $input) { iam { id: iamid } } }', {
        input: { iamid: id, config },
      }),
    /** By REST, as documented. */
    sync: (id: string, json: object = { dryRun: false }): Promise<Answer<any>> =>
      send(app.url, 'POST', `/iam/${id}/sync`, { token: app.admin.token, json }),
    syncUsers: (iamid: string): Promise<Answer<any>> =>
      send(app.url, 'POST', '/bim/syncUsers', { token: app.admin.token, json: { iamid } }),
    logIn: (username: string, iamid = 'corp'): Promise<Answer<any>> =>
      send(app.url, 'POST', `/bim/iam/${iamid}/user/authenticate`, { json: { username, password: `pw-${username}` } }),
    runs: async (iamid: string) =>
      (
        await must(
          `query ($filter: SyncRunFilter) { syncRuns(first: 100, filter: $filter) { nodes {
             id: databaseId mode status reason notes dryRun startedBy total unchanged planned applied counts { kind action state count } } } }`,
          { filter: { iamid } },
        )
      ).syncRuns.nodes,
    run: async (id: number) =>
      (
        await must(
          'query ($id: Int!) { syncRun(ref: { databaseId: $id }) { id: databaseId status reason total unchanged planned applied undoneAt } }',
          { id },
        )
      ).syncRun,
    entries: async (runId: number, filter: object = {}) =>
      (
        await must(
          `query ($runId: Int!, $filter: SyncEntryFilter) { syncEntries(ref: { databaseId: $runId }, first: 1000, filter: $filter) {
             nodes { kind name dn action state before after reason } } }`,
          { runId, filter },
        )
      ).syncEntries.nodes,
    decide: (what: 'approveSync' | 'cancelSync', id: number) =>
      app.graphql(`mutation ($input: SyncInput!) { ${what}(input: $input) { run { id: databaseId status } } }`, {
        input: { ref: { databaseId: id } },
      }),
    undo: (id: number) =>
      app.graphql('mutation ($input: UndoSyncInput!) { undoSync(input: $input) { enabled run { id: databaseId } } }', {
        input: { ref: { databaseId: id } },
      }),
    user: async (userid: string, iamid = 'corp') =>
      (
        await must(
          `query ($ref: UserRef!) { user(ref: $ref) { userid disabled iamAuthorizations profile { name email position }
             memberships { nodes { sources group { name description } } } } }`,
          { ref: { name: { iamid, userid } } },
        )
      ).user,
    /** Waits until no run of the IAM is under way. */
    async settled(iamid: string) {
      for (let turn = 0; turn < 600; turn++) {
        const { syncRuns } = await must(
          'query ($filter: SyncRunFilter) { syncRuns(first: 1, filter: $filter) { nodes { id: databaseId } } }',
          { filter: { iamid, statuses: ['WAITING', 'READING', 'APPLYING'] } },
        )
        if (syncRuns.nodes.length === 0) return
        await new Promise(resolve => setTimeout(resolve, 100))
      }
      throw new Error(`A sync of ${iamid} does not end`)
    },
  }
}
