// Environment -> Config. One table drives the reading, the faults and what `npm run config` prints; a new setting is a row of
// it and a line of loadConfig. Every fault is told at once, and none repeats the value: it may be a secret.
import {
  address,
  hostOf,
  integer,
  keyOf,
  mailFromOf,
  mask,
  oneOf,
  type Parse,
  passwordOf,
  printable,
  publicUrlOf,
  reachable,
} from './config.parse.ts'
import { Invalid } from './errors.ts'
import { checkUserid } from './names.ts'

export interface Config {
  /** 0 lets the system choose. */
  port: number
  host: string
  /** Where the embedded store lives; `memory://` keeps it in memory. */
  dataDir: string
  /** A PostgreSQL URL; null opens the embedded store. */
  databaseUrl: string | null
  /** Origin and path prefix of every link and redirect, without a trailing slash. */
  publicUrl: string
  adminUserid: string
  /** Null: a one-time link is made instead. */
  adminPassword: string | null
  /** 32 bytes; null: made and kept in the data directory. Never null with a databaseUrl. */
  secretKey: Buffer | null
  secretKeyPrevious: Buffer | null
  smtpUrl: string | null
  mailFrom: string
  logLevel: string
  grants: 'strict' | 'documented'
  token: { idleSeconds: number; lifeSeconds: number }
  invitationSeconds: number
  keyGraceSeconds: number
  /** Characters (code points). */
  password: { minLength: number; maxLength: number }
  hashing: { inFlight: number }
}

/** The environment cannot be used as it is; the message holds every fault, one a line. */
export class ConfigFault extends Error {
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

interface Setting<Value> {
  meaning: string
  /** Throws Invalid(name, rule). */
  parse: Parse<Value>
  /** The way out of a fault, as an order. */
  fix: string
  fallback: Value
  /** What the fallback means, where its text would not say it. */
  unset?: string
  /** How the present value is shown. */
  secret?: 'whole' | 'url'
}

const PASSWORD_MAX_LENGTH = 1024
const YEAR = 31_536_000

const settings = {
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
  DATABASE_URL: setting<string | null>({
    meaning: 'a PostgreSQL 14+ server to use instead of the embedded store',
    parse: address(['postgresql:', 'postgres:']),
    fallback: null,
    unset: 'the embedded store in DATA_DIR',
    fix: 'set it like postgresql://user:password@host:5432/roster, or leave it unset for the embedded store',
    secret: 'url',
  }),
  PUBLIC_URL: setting<string | null>({
    meaning: 'address under which people reach Roster; all links and redirects start with it',
    parse: publicUrlOf,
    fallback: null,
    unset: 'http://HOST:PORT',
    fix: 'set it like https://roster.example.com',
    secret: 'url',
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
    meaning: 'key that seals stored secrets: 32 bytes in base64; needed with DATABASE_URL',
    parse: keyOf,
    fallback: null,
    unset: 'made and kept in DATA_DIR',
    fix: 'make one with `openssl rand -base64 32` and keep it: what it sealed opens with no other',
    secret: 'whole',
  }),
  SECRET_KEY_PREVIOUS: setting<Buffer | null>({
    meaning: 'the key before SECRET_KEY, until `npm run secrets` has sealed everything anew; what either sealed opens',
    parse: keyOf,
    fallback: null,
    unset: 'none',
    fix: 'set the key that SECRET_KEY was, or leave it unset',
    secret: 'whole',
  }),
  SMTP_URL: setting<string | null>({
    meaning: 'mail server for invitations',
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
  LOG_LEVEL: setting({
    meaning: 'least level that is logged',
    parse: oneOf(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']),
    fallback: 'info',
    fix: 'set one of these',
  }),
  GRANTS: setting<Config['grants']>({
    meaning: 'strict: nobody grants an administrative permission they lack; documented: as the reference has it',
    parse: oneOf(['strict', 'documented']),
    fallback: 'strict',
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
  PASSWORD_MIN_LENGTH: setting({
    meaning: 'fewest characters of a new password',
    parse: integer(1, 64),
    fallback: 1,
    fix: 'set a number such as 12',
  }),
  HASHES_IN_FLIGHT: setting({
    meaning: 'passwords hashed at one time, 19 MiB of memory each; further log-ins queue',
    parse: integer(1, 64),
    fallback: 4,
    fix: 'set about the number of cores',
  }),
}

type SettingName = keyof typeof settings
type Values = { [Name in SettingName]: (typeof settings)[Name]['fallback'] }

/** Rules over two settings. Each gets the values as read, with the fallback where one has a fault of its own. */
const together: { name: SettingName; breaks(values: Values, isSet: (name: SettingName) => boolean): string | false }[] = [
  {
    name: 'SECRET_KEY',
    breaks: (_, isSet) => isSet('DATABASE_URL') && !isSet('SECRET_KEY') && 'is required with DATABASE_URL',
  },
  {
    name: 'ADMIN_PASSWORD',
    breaks: ({ ADMIN_PASSWORD: password, PASSWORD_MIN_LENGTH: least }) =>
      password !== null && [...password].length < least && 'must not be shorter than PASSWORD_MIN_LENGTH',
  },
]

/** One setting as an operator sees it; `shown` has no secret in it. */
export interface Shown {
  name: SettingName
  meaning: string
  shown: string
  isSet: boolean
  /** What it would be when unset. */
  unset: string
  fault: string | null
}

/** Reads the settings from an environment such as process.env; an empty string is unset. Throws ConfigFault with every fault. */
export function loadConfig(env: Environment): Config {
  const { values, faults } = read(env)
  if (faults.size > 0) throw new ConfigFault(names.flatMap(name => faults.get(name) ?? []))
  return {
    port: values.PORT,
    host: values.HOST,
    dataDir: values.DATA_DIR,
    databaseUrl: values.DATABASE_URL,
    publicUrl: values.PUBLIC_URL ?? `http://${reachable(values.HOST)}:${values.PORT}`,
    adminUserid: values.ADMIN_USERID,
    adminPassword: values.ADMIN_PASSWORD,
    secretKey: values.SECRET_KEY,
    secretKeyPrevious: values.SECRET_KEY_PREVIOUS,
    smtpUrl: values.SMTP_URL,
    mailFrom: values.MAIL_FROM,
    logLevel: values.LOG_LEVEL,
    grants: values.GRANTS,
    token: { idleSeconds: values.TOKEN_IDLE_SECONDS, lifeSeconds: values.TOKEN_LIFE_SECONDS },
    invitationSeconds: values.INVITATION_SECONDS,
    keyGraceSeconds: values.KEY_GRACE_SECONDS,
    password: { minLength: values.PASSWORD_MIN_LENGTH, maxLength: PASSWORD_MAX_LENGTH },
    hashing: { inFlight: values.HASHES_IN_FLIGHT },
  }
}

/** Every setting with its present value and its fault, in the order of the table. Never throws. */
export function showConfig(env: Environment): Shown[] {
  const { faults } = read(env)
  return names.map(name => {
    const { meaning, fallback, unset = String(fallback), secret }: Setting<unknown> = settings[name]
    const text = env[name] || undefined
    const shown = text === undefined ? unset : secret ? mask(text, secret) : printable(text)
    return { name, meaning, shown, isSet: text !== undefined, unset, fault: faults.get(name) ?? null }
  })
}

const names = Object.keys(settings) as SettingName[]

function read(env: Environment): { values: Values; faults: Map<SettingName, string> } {
  const faults = new Map<SettingName, string>()
  const blame = (name: SettingName, message: string) => {
    if (!faults.has(name)) faults.set(name, `${message}: ${settings[name].fix}`)
  }
  const valueIn = (name: SettingName): unknown => {
    const { parse, fallback }: Setting<unknown> = settings[name]
    const text = env[name]
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
  for (const { name, breaks } of together) {
    const rule = breaks(values, other => Boolean(env[other]))
    if (rule !== false) blame(name, `${name} ${rule}`)
  }
  return { values, faults }
}

function setting<Value>(row: Setting<Value>): Setting<Value> {
  return row
}
