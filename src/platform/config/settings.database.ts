import { address, setting } from './parse.ts'

export const database = {
  DATABASE_URL: setting<string | null>({
    meaning: 'a PostgreSQL 14+ server to use instead of the embedded store',
    parse: address(['postgresql:', 'postgres:']),
    fallback: null,
    unset: 'the embedded store in DATA_DIR',
    fix: 'set it like postgresql://user:password@host:5432/roster, or leave it unset for the embedded store',
    secret: 'url',
  }),
  DATABASE_DIRECT_URL: setting<string | null>({
    meaning:
      'the same database past a pooler such as PgBouncer, for migrations and the connection that receives changes of other instances',
    parse: address(['postgresql:', 'postgres:']),
    fallback: null,
    unset: 'DATABASE_URL',
    fix: 'set it like postgresql://user:password@host:5432/roster, or leave it unset without a pooler',
    secret: 'url',
  }),
  DATABASE_READ_URL: setting<string | null>({
    meaning: 'a streaming replica of DATABASE_URL that answers reads',
    parse: address(['postgresql:', 'postgres:']),
    fallback: null,
    unset: 'DATABASE_URL answers reads too',
    fix: 'set it like postgresql://user:password@replica:5432/roster, or leave it unset without a replica',
    secret: 'url',
  }),
}
