import { expect, test } from 'vitest'
import { type Facts, findingsOf } from '../../../src/platform/database/findings.ts'

const wanted = { oldest: 140_000, statementTimeout: 30_000, idleTimeout: 60_000, lockTimeout: 10_000, connections: 10 }
const healthy: Facts = {
  version: 180_001,
  encoding: 'UTF8',
  role: 'roster',
  database: 'roster',
  schema: 'public',
  isReplica: false,
  isReadOnly: false,
  isEncrypted: true,
  isLocal: false,
  mayCreateTables: true,
  mayCreateSchemas: true,
  hasJobs: true,
  foreignTables: [],
  trigrams: 'installed',
  isolation: 'read committed',
  statementTimeout: 30_000,
  idleTimeout: 60_000,
  lockTimeout: 0,
  maxConnections: 100,
  roleConnections: -1,
  isPooled: false,
  keepsPrepared: true,
  pending: [],
  historyError: null,
  clockAhead: -4_800,
  clockDoubt: 10,
  direct: { isSet: false, error: null, isSame: true, isPooled: false, isReceived: true },
}

test('a healthy server has nothing but good findings, without a remedy', () => {
  const findings = findingsOf(healthy, wanted)
  expect(findings).toHaveLength(13)
  for (const finding of findings) expect(finding).toEqual({ about: finding.about, status: 'ok', detail: expect.any(String) })
})

test.each<[Partial<Facts>, string, string, string]>([
  [{ version: 130_014 }, 'version', 'fault', 'Roster needs 14 or newer: upgrade the server.'],
  [{ encoding: 'LATIN1', database: 'My Db' }, 'encoding', 'fault', 'CREATE DATABASE "My Db" ENCODING \'UTF8\''],
  [{ isEncrypted: false }, 'connection', 'warning', 'sslmode=verify-full'],
  [{ isReplica: true, isReadOnly: true }, 'writes', 'fault', 'Set DATABASE_URL to the primary.'],
  [{ isReadOnly: true, role: 'a-b' }, 'writes', 'fault', 'ALTER ROLE "a-b" SET default_transaction_read_only = off.'],
  [{ schema: null }, 'rights', 'fault', 'ALTER ROLE roster SET search_path = public'],
  [{ mayCreateTables: false }, 'rights', 'fault', 'GRANT USAGE, CREATE ON SCHEMA public TO roster.'],
  [{ foreignTables: ['users', 'groups'] }, 'rights', 'fault', 'REASSIGN OWNED BY'],
  [{ mayCreateSchemas: false, hasJobs: false }, 'rights', 'fault', 'GRANT CREATE ON DATABASE roster TO roster.'],
  [{ trigrams: 'missing' }, 'extension', 'fault', 'postgresql-contrib'],
  [{ trigrams: 'available', mayCreateSchemas: false }, 'extension', 'fault', 'CREATE EXTENSION pg_trgm'],
  [{ isPooled: true, keepsPrepared: false, lockTimeout: 10_000 }, 'pooler', 'fault', 'PgBouncer needs version 1.21 or newer'],
  [{ statementTimeout: 0 }, 'role settings', 'warning', 'ALTER ROLE roster SET statement_timeout = 30000;'],
  [{ idleTimeout: 0 }, 'role settings', 'warning', 'ALTER ROLE roster SET idle_in_transaction_session_timeout = 60000;'],
  [{ isPooled: true }, 'role settings', 'warning', 'ALTER ROLE roster SET lock_timeout = 10000;'],
  [{ isolation: 'serializable' }, 'isolation', 'warning', 'RESET default_transaction_isolation'],
  [{ maxConnections: 8 }, 'connections', 'fault', 'Set max_connections to 10'],
  [{ clockAhead: 5_200 }, 'clock', 'warning', 'Synchronise both with NTP'],
  [{ clockAhead: -86_400_000 }, 'clock', 'warning', 'Synchronise both with NTP'],
  [{ direct: { ...healthy.direct, isPooled: true } }, 'changes of access', 'warning', 'Set DATABASE_DIRECT_URL'],
  [{ direct: { ...healthy.direct, isReceived: false } }, 'changes of access', 'warning', 'Set DATABASE_DIRECT_URL'],
  [{ direct: { ...healthy.direct, isSet: true, isSame: false } }, 'changes of access', 'fault', 'Give both the same database'],
  [
    { direct: { ...healthy.direct, isSet: true, error: { code: '28P01', message: 'no' } } },
    'changes of access',
    'fault',
    'Correct DATABASE_DIRECT_URL',
  ],
  [{ roleConnections: 5 }, 'connections', 'fault', 'ALTER ROLE roster CONNECTION LIMIT 10'],
])('%j: one finding with its remedy', (change, about, status, fix) => {
  const findings = findingsOf({ ...healthy, ...change }, wanted)
  const bad = findings.filter(finding => finding.status !== 'ok')
  expect(bad.map(finding => [finding.about, finding.status])).toEqual([[about, status]])
  expect(bad[0]!.fix).toContain(fix)
})

test('a history of migrations that cannot be continued is a fault', () => {
  const findings = findingsOf({ ...healthy, historyError: 'The database has the migration x' }, wanted)
  expect(findings.at(-1)).toEqual({ about: 'migrations', status: 'fault', detail: 'The database has the migration x' })
})

test.each<[Partial<Facts>, string, string]>([
  [{ isPooled: true }, 'pooler', 'in transaction mode, and it keeps prepared statements'],
  [{ isEncrypted: false, isLocal: true }, 'connection', 'without TLS, on this machine'],
  [{ trigrams: 'available' }, 'extension', 'pg_trgm is available: the migrations create it'],
  [{ mayCreateSchemas: false }, 'rights', 'the role roster may create and change tables in the schema public'],
  [{ pending: ['a', 'b'] }, 'migrations', '2 pending'],
])('%j is well', (change, about, detail) => {
  const finding = findingsOf({ ...healthy, ...change }, wanted).find(each => each.about === about)!
  expect(finding.status).toBe('ok')
  expect(finding.detail).toContain(detail)
})

test('a clock is not blamed for a slow answer, and is named by its direction', () => {
  const clockOf = (change: Partial<Facts>) => findingsOf({ ...healthy, ...change }, wanted).find(({ about }) => about === 'clock')
  expect(clockOf({ clockAhead: 7_000, clockDoubt: 2_500 })?.status).toBe('ok')
  expect(clockOf({ clockAhead: -61_000 })?.detail).toBe("the database's is 61.0 s behind that of this machine")
  expect(clockOf({ clockAhead: 61_000 })?.detail).toBe("the database's is 61.0 s ahead of that of this machine")
})
