// Development only: what is the difference between the migrations and prisma/schema.prisma? Prisma's schema engine runs as WebAssembly
// on a database in memory that our own migrate() built, so nothing is downloaded and no server is needed.
//   node scripts/migrate.ts            prints the SQL that is missing; exit 1 when there is any
//   node scripts/migrate.ts NAME       writes it as prisma/migrations/TIME_NAME/migration.sql: read it, the engine warns of no data loss.
// What the schema language cannot say goes below a line '-- by hand' of the same file.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { PrismaPg } from '@prisma/adapter-pg'
import {
  bindMigrationAwareSqlAdapterFactory,
  ColumnTypeEnum,
  type SqlDriverAdapter,
  type SqlMigrationAwareDriverAdapterFactory,
} from '@prisma/driver-adapter-utils'
import type { SchemaEngine } from '@prisma/schema-engine-wasm'
import type pg from 'pg'
import { openEmbedded } from '../src/platform/database/embedded.ts'
import { migrate, migrationsOf } from '../src/platform/database/migrate.ts'

const SCHEMA = 'prisma/schema.prisma'
/** PostgreSQL's "char", which Prisma's adapter cannot decode, and text. */
const CHAR = 18
const TEXT = 25

/** Missing from the type library without DOM. */
declare const WebAssembly: {
  instantiate(bytes: Uint8Array, imports: object): Promise<{ instance: { exports: { __wbindgen_start(): void } } }>
}

process.chdir(fileURLToPath(new URL('..', import.meta.url)))
const sql = await difference()
const name = process.argv[2]
if (sql === '') console.log('The migrations make exactly what prisma/schema.prisma says')
else if (name && /^[a-z0-9_]+$/.test(name)) write(name, sql)
else {
  console.log(sql)
  process.exitCode = 1
}

function write(name: string, sql: string): void {
  const folder = `prisma/migrations/${new Date().toISOString().replace(/\D/g, '').slice(0, 14)}_${name}`
  mkdirSync(folder)
  writeFileSync(`${folder}/migration.sql`, `${sql}\n`)
  console.log(`Wrote ${folder}/migration.sql: read it before you commit it`)
}

async function difference(): Promise<string> {
  const { pool, end } = await openEmbedded({ dataDir: 'memory://', warn: console.warn, lost() {} })
  try {
    const client = await pool.connect()
    await migrate(client, migrationsOf(), { shared: false })
    client.release()
    const schema = { files: [{ path: SCHEMA, content: readFileSync(SCHEMA, 'utf8') }] }
    const engine = await startEngine(schema.files, pool)
    const { stdout } = await engine.diff({
      from: { tag: 'schemaDatasource', configDir: '.', ...schema },
      to: { tag: 'schemaDatamodel', ...schema },
      script: true,
      exitCode: null,
      filters: { externalTables: ['public._prisma_migrations'], externalEnums: [] },
    })
    return withoutOurs(stdout ?? '')
  } finally {
    await end()
  }
}

/** Keeps indexes that the schema language cannot express. */
function withoutOurs(script: string): string {
  const byHand = migrationsOf().map(({ sql }) => sql.split(/^-- by hand$/m)[1] ?? '')
  const kept = (index: string) => byHand.some(sql => new RegExp(`CREATE (UNIQUE )?INDEX (CONCURRENTLY )?${index}\\b`).test(sql))
  return script
    .split(/\n\n+/)
    .map(step => step.trim())
    .filter(
      step => step !== '' && step !== '-- This is an empty migration.' && !kept(/DROP INDEX "(\w+)"/.exec(step)?.[1] ?? '-'),
    )
    .join('\n\n')
}

/** The package imports .wasm as a module, which Node does not support. */
async function startEngine(files: { path: string; content: string }[], pool: pg.Pool): Promise<SchemaEngine> {
  Object.assign(globalThis, { PRISMA_WASM_PANIC_REGISTRY: { set_message: console.error } })
  const bindings = await import('@prisma/schema-engine-wasm/schema_engine_bg')
  const file = fileURLToPath(import.meta.resolve('@prisma/schema-engine-wasm/schema_engine_bg')).replace(/\.js$/, '.wasm')
  const { instance } = await WebAssembly.instantiate(readFileSync(file), { './schema_engine_bg.js': bindings })
  bindings.__wbg_set_wasm(instance.exports)
  instance.exports.__wbindgen_start()
  const datamodels = files.map(({ path, content }): [string, string] => [path, content])
  return bindings.SchemaEngine.new({ datamodels }, () => {}, bindMigrationAwareSqlAdapterFactory(factoryOf(pool)))
}

function factoryOf(pool: pg.Pool): SqlMigrationAwareDriverAdapterFactory {
  const connect = async (): Promise<SqlDriverAdapter> => {
    const chars = showCharAsText(pool)
    const adapter = await new PrismaPg(pool).connect()
    const queryRaw = adapter.queryRaw.bind(adapter)
    adapter.queryRaw = async query => {
      const result = await queryRaw(query)
      for (const column of chars()) result.columnTypes[column] = ColumnTypeEnum.Character
      return result
    }
    adapter.dispose = async () => {}
    return adapter
  }
  return { provider: 'postgres', adapterName: 'roster', connect, connectToShadowDb: connect }
}

/** Reads "char" columns as text; returns their positions in the last result. */
function showCharAsText(pool: pg.Pool): () => number[] {
  let columns: number[] = []
  const query = pool.query as (...sent: unknown[]) => Promise<pg.QueryResult>
  pool.query = (async (...sent: unknown[]) => {
    const result = await query(...sent)
    columns = result.fields.flatMap(({ dataTypeID }, column) => (dataTypeID === CHAR ? [column] : []))
    for (const column of columns) result.fields[column]!.dataTypeID = TEXT
    return result
  }) as typeof pool.query
  return () => columns
}
