/** The demo's directory: OpenLDAP on loopback, in a temporary folder. */
import { join } from 'node:path'
import { freePort } from './free-port.ts'
import { passwordOf, people } from './people.ts'
import { findSlapd, runSlapd, schemas } from './slapd.ts'

export const suffix = 'dc=roster,dc=example'
export const reader = { dn: `cn=reader,${suffix}`, password: 'reader-s3cret' }

export interface Directory {
  readonly port: number
  close(): Promise<void>
}

/** Throws when slapd is missing or does not start. */
export async function startDirectory(folder: string): Promise<Directory> {
  const program = findSlapd()
  if (program === null) throw new Error('no slapd is installed here (Debian: apt-get install slapd)')
  const port = await freePort()
  const urls = `ldap://127.0.0.1:${port}`
  const { stop } = await runSlapd(program, { folder, configuration: configuration(folder), ldif: ldif(), urls, port })
  return { port, close: stop }
}

const configuration = (folder: string) => `
include ${schemas}/core.schema
include ${schemas}/cosine.schema
include ${schemas}/inetorgperson.schema
modulepath /usr/lib/ldap
moduleload back_mdb
pidfile ${join(folder, 'pid')}
database mdb
suffix "${suffix}"
rootdn "cn=root,${suffix}"
directory ${join(folder, 'db')}
maxsize 67108864
index objectClass,uid,mail,member eq
access to attrs=userPassword by anonymous auth by * none
access to * by dn.exact="${reader.dn}" read by self read by anonymous auth by * none
`

export function ldif(): string {
  const dnOf = (userid: string) => `uid=${userid},ou=people,${suffix}`
  const teams = [...new Set(people.flatMap(({ teams }) => teams))]
  const entries = [
    [`dn: ${suffix}`, 'objectClass: dcObject', 'objectClass: organization', 'dc: roster', 'o: Roster'],
    [`dn: ou=people,${suffix}`, 'objectClass: organizationalUnit', 'ou: people'],
    [`dn: ou=groups,${suffix}`, 'objectClass: organizationalUnit', 'ou: groups'],
    [`dn: ${reader.dn}`, 'objectClass: person', 'cn: reader', 'sn: reader', `userPassword: ${reader.password}`],
    ...people.map(({ userid, name, title }) => [
      `dn: ${dnOf(userid)}`,
      'objectClass: inetOrgPerson',
      `uid: ${userid}`,
      `cn:: ${base64(name)}`,
      `sn:: ${base64(name.split(' ').at(-1)!)}`,
      `mail: ${userid}@roster.example`,
      `title: ${title}`,
      `userPassword: ${passwordOf(userid)}`,
    ]),
    ...teams.map(team => [
      `dn: cn=${team},ou=groups,${suffix}`,
      'objectClass: groupOfNames',
      `cn: ${team}`,
      ...people.filter(({ teams }) => teams.includes(team)).map(({ userid }) => `member: ${dnOf(userid)}`),
    ]),
  ]
  return `${entries.map(lines => lines.join('\n')).join('\n\n')}\n`
}

const base64 = (text: string) => Buffer.from(text).toString('base64')
