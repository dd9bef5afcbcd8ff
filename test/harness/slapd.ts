// A real OpenLDAP on loopback, each in a folder that goes away with it. Where slapd is not installed, tests skip and say so.
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from '../../scripts/demo/free-port.ts'
import { findSlapd, runSlapd, schemas } from '../../scripts/demo/slapd.ts'

export const suffix = 'dc=roster,dc=example'
/** Reads everything but passwords, within the server's limits. */
export const account = { dn: `cn=reader,${suffix}`, password: 'reader-s3cret' }
const root = { dn: `cn=root,${suffix}`, password: 'root-s3cret' }
/** More entries than that, and a search ends with sizeLimitExceeded. */
export const sizeLimit = 40

/** It listens there as well, and its certificate does not name it. */
export const unnamedHost = '127.0.0.9'

/** Null without openssl, too, which makes its certificates. */
export const slapdFolder = spawnSync('openssl', ['version']).status === 0 ? findSlapd() : null
export const sayWhenSkipped = (what: string): void => {
  if (slapdFolder === null)
    console.warn(`SKIPPED: ${what}. No slapd or no openssl found: install OpenLDAP's server (Debian: slapd, openssl).`)
}

export interface Certificates {
  /** PEM texts. `other` is an authority that signed nothing. */
  readonly ca: string
  readonly other: string
  readonly client: { readonly cert: string; readonly key: string }
  readonly server: { readonly cert: string; readonly key: string }
}

export interface Slapd {
  readonly port: number
  readonly securePort: number
  readonly certificates: Certificates
  readonly root: { readonly dn: string; readonly password: string }
  /** The same data on the same ports again, after stop. */
  start(): Promise<void>
  stop(): Promise<void>
  /** Stops it and removes its folder. */
  close(): Promise<void>
}

interface Wishes {
  readonly ldif: string
  readonly tls?: 'none' | 'offer' | 'demand'
  /** slapd.conf(5), sizelimit. */
  readonly limit?: string
}

/**
 * `ldif` is what it holds from the start, operational attributes included. `tls`: none offers neither StartTLS nor ldaps; demand
 * takes nobody without a client certificate.
 */
export async function startSlapd({
  ldif,
  tls = 'offer',
  limit = `size.soft=${sizeLimit} size.hard=${sizeLimit}`,
}: Wishes): Promise<Slapd> {
  const folder = mkdtempSync(join(tmpdir(), 'roster-slapd-'))
  const [port, securePort] = [await freePort(), await freePort()]
  const certificates = makeCertificates(folder)
  const urls = ['127.0.0.1', unnamedHost]
    .flatMap(host => [`ldap://${host}:${port}`, ...(tls === 'none' ? [] : [`ldaps://${host}:${securePort}`])])
    .join(' ')

  const { start, stop } = await runSlapd(slapdFolder!, {
    folder,
    configuration: configuration(folder, tls, limit),
    ldif,
    urls,
    port,
  })
  const close = async () => {
    await stop()
    rmSync(folder, { recursive: true, force: true })
  }
  return { port, securePort, certificates, root, start, stop, close }
}

const configuration = (folder: string, tls: Wishes['tls'], limit: string) => `
include ${schemas}/core.schema
include ${schemas}/cosine.schema
include ${schemas}/inetorgperson.schema
include ${schemas}/nis.schema
attributetype ( 2.25.7.1 NAME 'objectGUID' EQUALITY octetStringMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.40 )
attributetype ( 2.25.7.2 NAME 'badge' SYNTAX 1.3.6.1.4.1.1466.115.121.1.40 )
modulepath /usr/lib/ldap
moduleload back_mdb
moduleload memberof
moduleload ppolicy
pidfile ${folder}/pid
${
  tls === 'none'
    ? ''
    : `TLSCACertificateFile ${folder}/ca.pem
TLSCertificateFile ${folder}/server.pem
TLSCertificateKeyFile ${folder}/server.key
TLSVerifyClient ${tls === 'demand' ? 'demand' : 'never'}`
}
sizelimit ${limit}
database mdb
suffix "${suffix}"
rootdn "${root.dn}"
rootpw ${root.password}
directory ${folder}/db
maxsize 1073741824
dbnosync
index objectClass,uid,mail,member,modifyTimestamp eq
overlay memberof
memberof-group-oc groupOfNames
overlay ppolicy
ppolicy_default "cn=policy,${suffix}"
access to attrs=userPassword by anonymous auth by * none
access to * by dn.exact="${account.dn}" read by self read by anonymous auth by * none
`

/** An authority, the server's and a client's certificate by it, and another authority. Elliptic: made in no time. */
function makeCertificates(folder: string): Certificates {
  const path = (name: string) => join(folder, name)
  const openssl = (...args: string[]) => execFileSync('openssl', args, { stdio: 'ignore' })
  const make = (name: string, subject: string, ...more: string[]) => {
    const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', path(`${name}.key`)]
    openssl('req', '-x509', ...key, '-days', '2', '-subj', `/CN=${subject}`, '-out', path(`${name}.pem`), ...more)
  }
  const signed = ['-CA', path('ca.pem'), '-CAkey', path('ca.key'), '-addext', 'basicConstraints=critical,CA:FALSE']
  make('ca', 'Roster test authority')
  make('other', 'Another authority')
  make('server', 'localhost', ...signed, '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1')
  make('client', 'roster', ...signed)
  const read = (name: string) => readFileSync(path(name), 'utf8')
  const pair = (name: string) => ({ cert: read(`${name}.pem`), key: read(`${name}.key`) })
  return { ca: read('ca.pem'), other: read('other.pem'), client: pair('client'), server: pair('server') }
}
