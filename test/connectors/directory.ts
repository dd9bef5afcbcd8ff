// The directory of the connectors' tests: its people and groups, and connectors as an administrator would configure them.
import { Client } from 'ldapts'
import type { Listing, Lookup, PasswordLogin } from '../../src/connectors/connector.ts'
import type { LdapSettings } from '../../src/connectors/ldap.config.ts'
import { openLdap } from '../../src/connectors/ldap.ts'
import { checkConfig } from '../../src/domain/iams/config/validate.ts'
import { outbound } from '../harness/outbound.ts'
import { account, type Slapd, suffix } from '../harness/slapd.ts'

export const people = `ou=people,${suffix}`
export const groups = `ou=groups,${suffix}`
/** Kept by another server, which nobody is to be sent to: every search for people meets it. */
export const elsewhere = `ou=elsewhere,${people}`
/** A DN with everything that needs escaping. The server spells it otherwise, with `\\2C` for the comma. */
export const odd = { userid: 'odd', name: 'Öd*d (Sales, North) \\', dn: `cn=Öd*d (Sales\\, North) \\\\,${people}` }

const person = (uid: string, more = '', dn = `uid=${uid},${people}`) =>
  `
dn: ${dn}
objectClass: inetOrgPerson
uid: ${uid}
cn: ${uid}
sn: Person
mail: ${uid}@roster.example
userPassword: pw-${uid}
${more}`.trimEnd()

export const ldif = `
dn: ${suffix}
objectClass: dcObject
objectClass: organization
dc: roster
o: Roster

dn: ${people}
objectClass: organizationalUnit
ou: people

dn: ${groups}
objectClass: organizationalUnit
ou: groups

dn: ${elsewhere}
objectClass: referral
objectClass: extensibleObject
ou: elsewhere
ref: ldap://127.0.0.1:1/ou=people,dc=elsewhere

dn: cn=policy,${suffix}
objectClass: person
objectClass: pwdPolicy
cn: policy
sn: policy
pwdAttribute: userPassword
pwdLockout: TRUE
pwdMaxFailure: 0
pwdMaxAge: 31536000
pwdMustChange: TRUE

dn: ${account.dn}
objectClass: person
cn: reader
sn: reader
userPassword: ${account.password}
${person('Ana', 'mail: a.ribeiro@roster.example\njpegPhoto:: /9j/4AAQSkZJRg==\nobjectClass: extensibleObject\nobjectGUID: abc\nbadge:: /+7dzA==\ntitle: Lead\ntitle: Lawyer')}
${person('bo')}
${person('locked', 'pwdAccountLockedTime: 000001010000Z')}
${person('expired', 'pwdChangedTime: 20200101000000Z')}
${person('mustchange', 'pwdReset: TRUE')}
${person('nopassword').replace(/\nuserPassword: .*/, '')}
${person('twin1', 'employeeNumber: 7')}
${person('twin2', 'employeeNumber: 7')}
${person('many')}
${person('odd', `cn: ${odd.name}`, odd.dn).replace('\ncn: odd', '')}
`.trimStart()

/** Groups come through the running server, so that its overlay keeps memberOf. */
export async function addGroups(slapd: Slapd, entries: readonly { name: string; members: readonly string[] }[]): Promise<void> {
  const client = new Client({ url: `ldap://127.0.0.1:${slapd.port}` })
  try {
    await client.bind(slapd.root.dn, slapd.root.password)
    for (const { name, members } of entries)
      await client.add(`cn=${name},${groups}`, {
        objectClass: 'groupOfNames',
        cn: name.replaceAll('\\', ''),
        description: `All of ${name}`,
        member: [...members],
      })
  } finally {
    await client.unbind()
  }
}

export interface Given {
  readonly options?: Readonly<Record<string, unknown>>
  readonly schema?: object
  /** null: the directory is asked by nobody in particular. */
  readonly credentials?: { readonly bind_dn: string; readonly bind_pw: string } | null
  readonly settings?: Omit<LdapSettings, 'outbound'>
}

/** Through the same check as a configuration that is saved. */
export function connectorOf(slapd: Pick<Slapd, 'port'>, given: Given = {}): PasswordLogin & Lookup & Listing {
  const { credentials = { bind_dn: account.dn, bind_pw: account.password }, schema, settings } = given
  const search = given.options && 'userIdAttribute' in given.options ? {} : { userSearchFilter: 'uid=%s' }
  const config = {
    options: { host: '127.0.0.1', port: slapd.port, userSearchBase: people, ...search, ...given.options },
    ...(credentials ? { credentials } : {}),
    ...(schema ? { schema } : {}),
  }
  const checked = checkConfig('ldap', 'north', { input: config })
  const secrets = new Map([...checked.secrets].filter((entry): entry is [string, string] => entry[1] !== null))
  return openLdap(checked.config, secrets, { ...settings, outbound })
}
