import { createPrivateKey, X509Certificate } from 'node:crypto'
import { readCertificate } from '../http/certificate.ts'
import type { TrustedProxies } from '../http/client-address.ts'
import { type OutboundRule, outboundRulesOf } from '../outbound/policy.ts'
import { checkUserid } from '../validation.ts'
import { fileOf } from './files.ts'
import {
  address,
  hostOf,
  integer,
  keyOf,
  mailFromOf,
  oneOf,
  originsOf,
  passwordOf,
  publicUrlOf,
  setting,
  trustedProxiesOf,
} from './parse.ts'
import { database } from './settings.database.ts'
import { observability } from './settings.observability.ts'
import { retention } from './settings.retention.ts'

export const PASSWORD_MAX_LENGTH = 1024
const YEAR = 31_536_000

export const settings = {
  PORT: setting({
    meaning: 'TCP port to listen on; 0 for any free one',
    parse: integer(0, 65_535),
    fallback: 4000,
    fix: 'set a free port such as 4000',
  }),
  HOST: setting({
    meaning: 'address to listen on; 0.0.0.0 or :: for every network',
    parse: hostOf,
    fallback: '127.0.0.1',
    fix: 'set an address such as 127.0.0.1 or 0.0.0.0',
  }),
  DATA_DIR: setting({
    meaning: 'folder of the embedded store and of its secret key',
    parse: text => text,
    fallback: './data',
    fix: 'set a folder that Roster may write to',
  }),
  ...database,
  PUBLIC_URL: setting<string | null>({
    meaning: 'address under which people reach Roster; all links and redirects start with it',
    parse: publicUrlOf,
    fallback: null,
    unset: 'http://HOST:PORT',
    fix: 'set it like https://roster.example.com',
    secret: 'credentials',
  }),
  ADMIN_USERID: setting({
    meaning: 'name of the first administrator, made when the store is empty',
    parse: (text, name) => checkUserid(text, { newBim: true, field: name }),
    fallback: 'admin',
    fix: 'set a name such as admin',
  }),
  ADMIN_PASSWORD: setting<string | null>({
    meaning: "the first administrator's lasting password",
    parse: passwordOf(PASSWORD_MAX_LENGTH),
    fallback: null,
    unset: 'made at the first start and printed once',
    fix: 'choose another, or leave it unset to have one made',
    secret: 'whole',
  }),
  SECRET_KEY: setting<Buffer | null>({
    meaning: 'key that encrypts stored secrets: 32 bytes in base64; required with DATABASE_URL',
    parse: keyOf,
    fallback: null,
    unset: 'made and kept in DATA_DIR',
    fix: 'create one with `openssl rand -base64 32` and keep it: without it stored secrets are lost',
    secret: 'whole',
  }),
  SECRET_KEY_PREVIOUS: setting<Buffer | null>({
    meaning: 'the key before SECRET_KEY, until `npm run secrets` has re-encrypted everything; secrets of both keys can be read',
    parse: keyOf,
    fallback: null,
    unset: 'none',
    fix: 'set the key that SECRET_KEY was, or leave it unset',
    secret: 'whole',
  }),
  SMTP_URL: setting<string | null>({
    meaning: 'mail server for invitations; off this machine smtp:// needs STARTTLS, unless the URL ends with ?requireTLS=false',
    parse: address(['smtp:', 'smtps:']),
    fallback: null,
    unset: 'no mail is sent',
    fix: 'set it like smtp://user:password@mail.example.com:587, or leave it unset to send no mail',
    secret: 'url',
  }),
  MAIL_FROM: setting({
    meaning: 'sender of that mail',
    parse: mailFromOf,
    fallback: 'Roster <roster@localhost>',
    fix: 'set it like Roster <roster@example.com>',
  }),
  DRAIN_SECONDS: setting<number | null>({
    meaning: 'seconds after SIGTERM in which readiness is 503 and requests are still taken, until proxies send no more',
    parse: integer(0, 3600),
    fallback: null,
    unset: '5 with DATABASE_URL, 0 with the embedded store',
    fix: 'set a number of seconds such as 5, longer than a proxy takes to see that readiness is 503',
  }),
  GRANTS: setting<'strict' | 'documented'>({
    meaning:
      'strict: only holders grant an administrative permission, and only a USER_ADMIN changes sqlUser and externalUserIds; documented: as in the reference',
    parse: oneOf(['strict', 'documented']),
    fallback: 'strict',
    fix: 'set one of these',
  }),
  HSTS_SUBDOMAINS: setting<'yes' | 'no'>({
    meaning:
      'whether Strict-Transport-Security covers the subdomains of the host too, which then all need https (RFC 6797 6.1.2)',
    parse: oneOf(['yes', 'no']),
    fallback: 'no',
    fix: 'set one of these',
  }),
  TOKEN_IDLE_SECONDS: setting({
    meaning: 'seconds without use after which a token ends',
    parse: integer(1, YEAR),
    fallback: 3600,
    fix: 'set a number of seconds such as 3600',
  }),
  TOKEN_LIFE_SECONDS: setting({
    meaning: 'seconds after which a token ends however much it is used',
    parse: integer(1, YEAR),
    fallback: 43_200,
    fix: 'set a number of seconds such as 43200',
  }),
  INVITATION_SECONDS: setting({
    meaning: 'seconds an invitation link works',
    parse: integer(1, YEAR),
    fallback: 604_800,
    fix: 'set a number of seconds such as 604800 (seven days)',
  }),
  KEY_GRACE_SECONDS: setting({
    meaning: 'seconds the old secret of a rotated API key still works',
    parse: integer(0, YEAR),
    fallback: 86_400,
    fix: 'set a number of seconds such as 86400 (a day), or 0 for none',
  }),
  CREDENTIAL_CACHE_SECONDS: setting({
    meaning: 'seconds for which a credential is not looked up again, unless something about it changes; 0 to always look it up',
    parse: integer(0, 60),
    fallback: 5,
    fix: 'set a number of seconds such as 5, or 0 for none',
  }),
  PASSWORD_MIN_LENGTH: setting({
    meaning: 'fewest characters of a new password',
    parse: integer(1, 64),
    fallback: 1,
    fix: 'set a number such as 12',
  }),
  HASHES_IN_FLIGHT: setting({
    meaning: 'passwords hashed at one time, 19 MiB of memory each; further log-ins queue',
    parse: integer(1, 64),
    fallback: 2,
    fix: 'set about the number of cores',
  }),
  API_KEYS_PER_USER: setting({
    meaning: 'active API keys of one user, not counting rotated ones in their grace period',
    parse: integer(1, 100_000),
    fallback: 250,
    fix: 'set a number such as 250',
  }),
  SERVICE_ACCOUNTS_PER_OWNER: setting({
    meaning: 'service accounts that one user or group may own',
    parse: integer(1, 100_000),
    fallback: 100,
    fix: 'set a number such as 100',
  }),
  PROJECTS_PER_USER: setting({
    meaning: 'projects that one user may have created',
    parse: integer(1, 100_000),
    fallback: 100,
    fix: 'set a number such as 100',
  }),
  TRUSTED_PROXIES: setting<TrustedProxies | null>({
    meaning: 'trusted proxies, whose X-Forwarded-For is used: addresses and networks (CIDR), or their number',
    parse: trustedProxiesOf,
    fallback: null,
    unset: 'none: the address of a request is that of its connection',
    fix: 'set it like 127.0.0.1,10.0.0.0/8, or to a number of proxies from 1 to 10, or leave it unset without a proxy',
  }),
  CORS_ORIGINS: setting<readonly string[]>({
    meaning: 'origins whose pages may call the APIs from a browser, also with the session cookie',
    parse: originsOf,
    fallback: [],
    unset: 'none but that of PUBLIC_URL',
    fix: 'set it like https://people.example.com,http://localhost:5173, or leave it unset',
  }),
  TLS_CERT: setting<string | null>({
    meaning: 'file of the certificate and its chain, to serve https without a proxy; read again when it changes',
    parse: fileOf(content => new X509Certificate(content), 'must be a PEM file that begins with a certificate'),
    fallback: null,
    unset: 'http: a proxy in front has TLS',
    fix: 'set a PEM file such as /etc/roster/tls.crt, with TLS_KEY, or leave both unset',
  }),
  TLS_KEY: setting<string | null>({
    meaning: 'file of the private key of TLS_CERT',
    parse: fileOf(content => createPrivateKey(content), 'must be a PEM file with a private key, without a passphrase'),
    fallback: null,
    unset: 'none',
    fix: 'set a PEM file such as /etc/roster/tls.key, with TLS_CERT, or leave both unset',
  }),
  OUTBOUND_ALLOW: setting<readonly OutboundRule[] | null>({
    meaning:
      'the only addresses, networks (CIDR) and host names that Roster connects to; an entry within a denied network opens it',
    parse: outboundRulesOf,
    fallback: null,
    unset: 'everything that is not denied',
    fix: 'set it like 10.0.0.0/8,ldap.corp.example,*.login.example, or leave it unset',
  }),
  OUTBOUND_DENY: setting<readonly OutboundRule[]>({
    meaning: 'addresses, networks (CIDR) and host names that Roster never connects to, in addition to the built-in ones',
    parse: outboundRulesOf,
    fallback: [],
    unset: 'link-local, unspecified and cloud metadata addresses, and where Roster itself listens',
    fix: 'set it like 192.168.0.0/16,*.internal.example, or leave it unset',
  }),
  ...retention,
  ...observability,
}

export type SettingName = keyof typeof settings
export type Values = { [Name in SettingName]: (typeof settings)[Name]['fallback'] }

export const crossFieldErrors: {
  name: SettingName
  breaks(values: Values, isSet: (name: SettingName) => boolean): string | false
}[] = [
  {
    name: 'SECRET_KEY',
    breaks: (_, isSet) => isSet('DATABASE_URL') && !isSet('SECRET_KEY') && 'is required with DATABASE_URL',
  },
  ...(['DATABASE_DIRECT_URL', 'DATABASE_READ_URL'] as const).map(name => ({
    name,
    breaks: (_: Values, isSet: (name: SettingName) => boolean) =>
      isSet(name) && !isSet('DATABASE_URL') && ('needs DATABASE_URL beside it' as const),
  })),
  {
    name: 'AUDIT_DAYS',
    breaks: (_, isSet) =>
      isSet('AUDIT_DAYS') && !isSet('AUDIT_EXPORT_DIR') && 'needs AUDIT_EXPORT_DIR beside it, for the files of what is removed',
  },
  {
    name: 'ADMIN_PASSWORD',
    breaks: ({ ADMIN_PASSWORD: password, PASSWORD_MIN_LENGTH: least }) =>
      password !== null && [...password].length < least && 'must not be shorter than PASSWORD_MIN_LENGTH',
  },
  {
    name: 'TLS_CERT',
    breaks: ({ TLS_KEY: key }, isSet) => key !== null && !isSet('TLS_CERT') && 'is required with TLS_KEY',
  },
  {
    name: 'TLS_KEY',
    breaks: ({ TLS_CERT: cert }, isSet) => cert !== null && !isSet('TLS_KEY') && 'is required with TLS_CERT',
  },
  {
    name: 'TLS_KEY',
    breaks: ({ TLS_CERT: cert, TLS_KEY: key }) =>
      cert !== null && key !== null && !belongTogether(cert, key) && 'must be the key of the certificate of TLS_CERT',
  },
  {
    name: 'PUBLIC_URL',
    breaks: ({ PUBLIC_URL: url }, isSet) =>
      isSet('TLS_CERT') && (url?.startsWith('http:') ?? false) && 'must begin with https:// with TLS_CERT',
  },
]

function belongTogether(cert: string, key: string): boolean {
  try {
    readCertificate({ cert, key })
    return true
  } catch {
    return false
  }
}
