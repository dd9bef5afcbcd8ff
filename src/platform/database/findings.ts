import type { Finding } from '../finding.ts'

/** What a PostgreSQL server says of itself and of the role. */
export interface Facts {
  readonly version: number
  readonly encoding: string
  readonly role: string
  readonly database: string
  /** Null: the search path has no schema that exists. */
  readonly schema: string | null
  readonly isReplica: boolean
  readonly isReadOnly: boolean
  readonly isEncrypted: boolean
  /** By a Unix socket or on this machine. */
  readonly isLocal: boolean
  readonly mayCreateTables: boolean
  readonly mayCreateSchemas: boolean
  readonly hasJobs: boolean
  readonly foreignTables: readonly string[]
  readonly trigrams: 'installed' | 'available' | 'missing'
  readonly isolation: string
  /** Milliseconds; 0: none. */
  readonly statementTimeout: number
  readonly idleTimeout: number
  readonly lockTimeout: number
  readonly maxConnections: number
  readonly roleConnections: number
  readonly isPooled: boolean
  readonly keepsPrepared: boolean
  readonly pending: readonly string[]
  /** Why the history of migrations cannot be continued. */
  readonly historyError: string | null
  /** Milliseconds that its clock is ahead of this machine's, and by how much that may be wrong. */
  readonly clockAhead: number
  readonly clockDoubt: number
  readonly direct: DirectFacts
}

/** Of the connection that receives changes of other instances. */
export interface DirectFacts {
  /** DATABASE_DIRECT_URL is. */
  readonly isSet: boolean
  /** `code`: SQLSTATE or errno. */
  readonly error: { readonly code: string; readonly message: string } | null
  /** Server and database are those of DATABASE_URL. */
  readonly isSame: boolean
  readonly isPooled: boolean
  readonly isReceived: boolean
}

export interface Wanted {
  /** The server_version_num. */
  readonly oldest: number
  /** Milliseconds. */
  readonly statementTimeout: number
  readonly idleTimeout: number
  readonly lockTimeout: number
  readonly connections: number
}

export function findingsOf(facts: Facts, wanted: Wanted): Finding[] {
  return [
    versionOf(facts, wanted),
    encodingOf(facts),
    transportOf(facts),
    writesOf(facts),
    rightsOf(facts),
    extensionOf(facts),
    poolerOf(facts),
    timeoutsOf(facts, wanted),
    isolationOf(facts),
    connectionsOf(facts, wanted),
    changesOf(facts),
    clockOf(facts),
    migrationsOf(facts),
  ]
}

const ok = (about: string, detail: string): Finding => ({ about, status: 'ok', detail })

function versionOf({ version }: Facts, { oldest }: Wanted): Finding {
  const detail = `PostgreSQL ${Math.floor(version / 10_000)}.${version % 10_000}`
  if (version >= oldest) return ok('version', detail)
  return { about: 'version', status: 'fault', detail, fix: `Roster needs ${oldest / 10_000} or newer: upgrade the server.` }
}

function encodingOf({ encoding, database }: Facts): Finding {
  if (encoding === 'UTF8') return ok('encoding', encoding)
  const fix = `Create it again: CREATE DATABASE ${quoted(database)} ENCODING 'UTF8' TEMPLATE template0.`
  return { about: 'encoding', status: 'fault', detail: `${encoding}, and Roster needs UTF8`, fix }
}

function transportOf({ isEncrypted, isLocal }: Facts): Finding {
  if (isEncrypted) return ok('connection', 'with TLS')
  if (isLocal) return ok('connection', 'without TLS, on this machine')
  const fix = 'Add ?sslmode=verify-full to DATABASE_URL, and sslrootcert=FILE for an authority of your own.'
  return { about: 'connection', status: 'warning', detail: 'without TLS, over the network', fix }
}

function writesOf({ isReplica, isReadOnly, role }: Facts): Finding {
  const about = 'writes'
  if (isReplica)
    return { about, status: 'fault', detail: 'the server is a read replica', fix: 'Set DATABASE_URL to the primary.' }
  if (!isReadOnly) return ok(about, 'are possible')
  const fix = `ALTER ROLE ${quoted(role)} SET default_transaction_read_only = off.`
  return { about, status: 'fault', detail: 'transactions are read-only', fix }
}

function rightsOf(facts: Facts): Finding {
  const { schema, role, database, mayCreateTables, mayCreateSchemas, hasJobs, foreignTables } = facts
  const fault = (detail: string, fix: string): Finding => ({ about: 'rights', status: 'fault', detail, fix })
  if (schema === null)
    return fault(
      `the search path of the role ${role} names no schema that exists, or none that it may use`,
      `ALTER ROLE ${quoted(role)} SET search_path = public; GRANT USAGE, CREATE ON SCHEMA public TO ${quoted(role)}.`,
    )
  if (!mayCreateTables)
    return fault(
      `the role ${role} may not create tables in the schema ${schema}`,
      `GRANT USAGE, CREATE ON SCHEMA ${quoted(schema)} TO ${quoted(role)}.`,
    )
  if (foreignTables.length > 0)
    return fault(
      `the role ${role} does not own ${foreignTables.slice(0, 5).join(', ')}${foreignTables.length > 5 ? ` and ${foreignTables.length - 5} more` : ''}: migrations would fail`,
      `REASSIGN OWNED BY the owner TO ${quoted(role)}, or use the owner's role.`,
    )
  if (!mayCreateSchemas && !hasJobs)
    return fault(
      `the role ${role} may not create the schema of background jobs`,
      `GRANT CREATE ON DATABASE ${quoted(database)} TO ${quoted(role)}.`,
    )
  return ok('rights', `the role ${role} may create and change tables in the schema ${schema}`)
}

function extensionOf({ trigrams, mayCreateSchemas, database, role }: Facts): Finding {
  const about = 'extension'
  if (trigrams === 'installed') return ok(about, 'pg_trgm is installed')
  if (trigrams === 'missing') {
    const fix = "Install the server's contrib package, such as postgresql-contrib."
    return { about, status: 'fault', detail: 'the server does not have pg_trgm', fix }
  }
  if (mayCreateSchemas) return ok(about, 'pg_trgm is available: the migrations create it')
  const fix = `GRANT CREATE ON DATABASE ${quoted(database)} TO ${quoted(role)}, or as a superuser CREATE EXTENSION pg_trgm.`
  return { about, status: 'fault', detail: 'pg_trgm is not created, and the role may not create it', fix }
}

function poolerOf({ isPooled, keepsPrepared }: Facts): Finding {
  const about = 'pooler'
  if (!isPooled) return ok(about, 'none in transaction mode')
  if (keepsPrepared) return ok(about, 'in transaction mode, and it keeps prepared statements')
  const fix = 'PgBouncer needs version 1.21 or newer, and max_prepared_statements above 0.'
  return { about, status: 'fault', detail: 'in transaction mode, without prepared statements', fix }
}

function timeoutsOf({ statementTimeout, idleTimeout, lockTimeout, isPooled, role }: Facts, wanted: Wanted): Finding {
  const missing = [
    ...(statementTimeout === wanted.statementTimeout ? [] : [['statement_timeout', wanted.statementTimeout] as const]),
    ...(idleTimeout === wanted.idleTimeout ? [] : [['idle_in_transaction_session_timeout', wanted.idleTimeout] as const]),
    // Without a pooler each connection sets it.
    ...(!isPooled || lockTimeout === wanted.lockTimeout ? [] : [['lock_timeout', wanted.lockTimeout] as const]),
  ]
  if (missing.length === 0) return ok('role settings', 'statements and idle transactions have their time limits')
  return {
    about: 'role settings',
    status: 'warning',
    detail: `${missing.map(([name]) => name).join(' and ')} did not arrive: a pooler ignores what the connection asks for`,
    fix: missing.map(([name, value]) => `ALTER ROLE ${quoted(role)} SET ${name} = ${value};`).join(' '),
  }
}

function isolationOf({ isolation, role }: Facts): Finding {
  if (isolation === 'read committed') return ok('isolation', isolation)
  const fix = `ALTER ROLE ${quoted(role)} RESET default_transaction_isolation: Roster sets read committed on its connections.`
  return { about: 'isolation', status: 'warning', detail: `the default of the role is ${isolation}`, fix }
}

function connectionsOf({ maxConnections, roleConnections, role }: Facts, { connections }: Wanted): Finding {
  const most = roleConnections < 0 ? maxConnections : Math.min(maxConnections, roleConnections)
  const detail = `at most ${most}, and an instance uses up to ${connections}`
  if (most >= connections) return ok('connections', detail)
  const fix =
    most === maxConnections
      ? `Set max_connections to ${connections} for each instance, and a reserve.`
      : `ALTER ROLE ${quoted(role)} CONNECTION LIMIT ${connections}, times the number of instances.`
  return { about: 'connections', status: 'fault', detail, fix }
}

function changesOf({ direct: { isSet, error, isSame, isPooled, isReceived } }: Facts): Finding {
  const about = 'changes of access'
  const fault = (detail: string, fix: string): Finding => ({ about, status: isSet ? 'fault' : 'warning', detail, fix })
  const setting = isSet ? 'DATABASE_DIRECT_URL' : 'DATABASE_URL'
  const own = 'Set DATABASE_DIRECT_URL to the address of the PostgreSQL server itself, past the pooler.'
  if (error)
    return fault(`${setting} cannot be used: ${error.message}`, `Correct ${setting}, or leave it unset without a pooler.`)
  if (!isSame)
    return fault(
      `${setting} leads to another server or database than DATABASE_URL`,
      'Give both the same database: the second one past the pooler.',
    )
  if (isPooled) return fault(`${setting} leads to a pooler, so credentials are not cached`, own)
  if (!isReceived) return fault(`LISTEN through ${setting} receives nothing, so credentials are not cached`, own)
  return ok(about, isSet ? 'arrive through DATABASE_DIRECT_URL' : 'arrive')
}

/** Milliseconds; beyond, tokens end early or late. */
const SKEW = 5_000

function clockOf({ clockAhead, clockDoubt }: Facts): Finding {
  const about = 'clock'
  const seconds = Math.abs(clockAhead) / 1000
  const detail = `the database's is ${seconds.toFixed(1)} s ${clockAhead < 0 ? 'behind' : 'ahead of'} that of this machine`
  if (Math.abs(clockAhead) - clockDoubt <= SKEW) return ok(about, detail)
  return {
    about,
    status: 'warning',
    detail,
    fix: 'Synchronise both with NTP, such as chrony: log-ins and locks have times of both.',
  }
}

function migrationsOf({ pending, historyError }: Facts): Finding {
  const about = 'migrations'
  if (historyError !== null) return { about, status: 'fault', detail: historyError }
  if (pending.length === 0) return ok(about, 'none is pending')
  const detail = `${pending.length} pending: \`roster migrate --plan\` lists them, the next start applies them`
  return { about, status: 'ok', detail }
}

const quoted = (name: string): string => (/^[a-z_][a-z0-9_]*$/.test(name) ? name : `"${name.replaceAll('"', '""')}"`)
