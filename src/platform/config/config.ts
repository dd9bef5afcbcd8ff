// Environment → Config, by the table of settings.ts. Reports all errors; never repeats values, which may be
// secrets.

import { Invalid } from '../errors.ts'
import type { CertificateFiles } from '../http/certificate.ts'
import type { TrustedProxies } from '../http/client-address.ts'
import type { OutboundRules } from '../outbound/policy.ts'
import { mask, printable, reachable, type Setting } from './parse.ts'
import { withSecretFiles } from './secret-files.ts'
import { crossFieldErrors, PASSWORD_MAX_LENGTH, type SettingName, settings, type Values } from './settings.ts'

export interface Config {
  port: number
  host: string
  dataDir: string
  databaseUrl: string | null
  /** null: as databaseUrl. */
  directUrl: string | null
  readUrl: string | null
  publicUrl: string
  adminUserid: string
  adminPassword: string | null
  /** 32 bytes; null: kept in the data directory. Required with databaseUrl. */
  secretKey: Buffer | null
  secretKeyPrevious: Buffer | null
  smtpUrl: string | null
  mailFrom: string
  logLevel: string
  logFormat: 'auto' | 'json' | 'text'
  drainSeconds: number
  /** null: no metrics. */
  metrics: { port: number; host: string } | null
  grants: 'strict' | 'documented'
  hsts: { subdomains: 'yes' | 'no' }
  token: { idleSeconds: number; lifeSeconds: number }
  invitationSeconds: number
  keyGraceSeconds: number
  credentialCacheSeconds: number
  password: { minLength: number; maxLength: number }
  hashing: { inFlight: number }
  caps: { keysPerUser: number; projectsPerUser: number; serviceAccountsPerOwner: number }
  trustedProxies: TrustedProxies | null
  /** Besides that of publicUrl. */
  corsOrigins: readonly string[]
  /** null: http. */
  certificate: CertificateFiles | null
  outbound: OutboundRules
  /** Days; null: kept. */
  retention: {
    auditDays: number | null
    auditExportDir: string | null
    syncRunDays: number | null
    exchangeDays: number | null
    /** Since they expired. */
    expiredKeyDays: number | null
  }
}

export class ConfigError extends Error {
  readonly faults: readonly string[]
  constructor(faults: readonly string[]) {
    super(
      `The settings have ${faults.length === 1 ? 'a fault' : `${faults.length} faults`}:\n${faults.map(fault => `  ${fault}`).join('\n')}`,
    )
    this.name = 'ConfigFault'
    this.faults = faults
  }
}

export type Environment = Readonly<Record<string, string | undefined>>

export interface SettingInfo {
  name: SettingName
  meaning: string
  shown: string
  isSet: boolean
  unset: string
  fault: string | null
}

/** An empty string is unset. Throws ConfigError. */
export function loadConfig(env: Environment): Config {
  const { values, faults } = read(env)
  if (faults.size > 0) throw new ConfigError(names.flatMap(name => faults.get(name) ?? []))
  const { TLS_CERT: cert, TLS_KEY: key } = values
  return {
    port: values.PORT,
    host: values.HOST,
    dataDir: values.DATA_DIR,
    databaseUrl: values.DATABASE_URL,
    directUrl: values.DATABASE_DIRECT_URL,
    readUrl: values.DATABASE_READ_URL,
    publicUrl: values.PUBLIC_URL ?? `${cert === null ? 'http' : 'https'}://${reachable(values.HOST)}:${values.PORT}`,
    adminUserid: values.ADMIN_USERID,
    adminPassword: values.ADMIN_PASSWORD,
    secretKey: values.SECRET_KEY,
    secretKeyPrevious: values.SECRET_KEY_PREVIOUS,
    smtpUrl: values.SMTP_URL,
    mailFrom: values.MAIL_FROM,
    logLevel: values.LOG_LEVEL,
    logFormat: values.LOG_FORMAT,
    drainSeconds: values.DRAIN_SECONDS ?? (values.DATABASE_URL === null ? 0 : SERVER_DRAIN),
    metrics: values.METRICS_PORT === null ? null : { port: values.METRICS_PORT, host: values.METRICS_HOST },
    grants: values.GRANTS,
    hsts: { subdomains: values.HSTS_SUBDOMAINS },
    token: { idleSeconds: values.TOKEN_IDLE_SECONDS, lifeSeconds: values.TOKEN_LIFE_SECONDS },
    invitationSeconds: values.INVITATION_SECONDS,
    keyGraceSeconds: values.KEY_GRACE_SECONDS,
    credentialCacheSeconds: values.CREDENTIAL_CACHE_SECONDS,
    password: { minLength: values.PASSWORD_MIN_LENGTH, maxLength: PASSWORD_MAX_LENGTH },
    hashing: { inFlight: values.HASHES_IN_FLIGHT },
    caps: {
      keysPerUser: values.API_KEYS_PER_USER,
      projectsPerUser: values.PROJECTS_PER_USER,
      serviceAccountsPerOwner: values.SERVICE_ACCOUNTS_PER_OWNER,
    },
    trustedProxies: values.TRUSTED_PROXIES,
    corsOrigins: values.CORS_ORIGINS,
    certificate: cert === null || key === null ? null : { cert, key },
    outbound: { allow: values.OUTBOUND_ALLOW, deny: values.OUTBOUND_DENY },
    retention: {
      auditDays: values.AUDIT_DAYS,
      auditExportDir: values.AUDIT_EXPORT_DIR,
      syncRunDays: values.SYNC_RUN_DAYS,
      exchangeDays: values.EXCHANGE_DAYS,
      expiredKeyDays: values.EXPIRED_KEY_DAYS,
    },
  }
}

export function showConfig(env: Environment): SettingInfo[] {
  const { faults, given } = read(env)
  return names.map(name => {
    const { meaning, fallback, unset = String(fallback), secret }: Setting<unknown> = settings[name]
    const text = given[name] || undefined
    const shown = text === undefined ? unset : secret ? mask(text, secret) : printable(text)
    return { name, meaning, shown, isSet: text !== undefined, unset, fault: faults.get(name) ?? null }
  })
}

/** Seconds: five looks of a proxy that looks each second. */
const SERVER_DRAIN = 5

const names = Object.keys(settings) as SettingName[]

function read(env: Environment): { values: Values; faults: Map<SettingName, string>; given: Environment } {
  const faults = new Map<SettingName, string>()
  const given = withSecretFiles(env, (name, rule) => faults.set(name, rule))
  const blame = (name: SettingName, message: string) => {
    if (!faults.has(name)) faults.set(name, `${message}: ${settings[name].fix}`)
  }
  const valueIn = (name: SettingName): unknown => {
    const { parse, fallback }: Setting<unknown> = settings[name]
    const text = given[name]
    if (!text) return fallback
    try {
      return parse(text, name)
    } catch (error) {
      if (!(error instanceof Invalid)) throw error
      blame(name, error.message)
      return fallback
    }
  }
  const values = Object.fromEntries(names.map(name => [name, valueIn(name)])) as Values
  for (const { name, breaks } of crossFieldErrors) {
    const rule = breaks(values, other => Boolean(given[other]))
    if (rule !== false) blame(name, `${name} ${rule}`)
  }
  return { values, faults, given }
}
