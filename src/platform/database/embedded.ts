import { chmodSync, existsSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { PGlite } from '@electric-sql/pglite'
import { pg_trgm } from '@electric-sql/pglite/contrib/pg_trgm'
import { makeDirectories } from '../directories.ts'
import { type CopyReport, copyDirectory } from './embedded.copy.ts'
import { Backend } from './embedded.stream.ts'
import { lockDirectory } from './lock.ts'
import { StorePool } from './pool.ts'
import { keepAnalyzed } from './statistics.ts'

export interface Opened {
  pool: StorePool
  /** Of an embedded store in a folder. */
  copy?: (directory: string) => Promise<CopyReport>
  end(): Promise<void>
}

export interface OpenedEmbedded extends Opened {
  dump(): Promise<Blob>
}

export interface EmbeddedOptions {
  dataDir: string
  /** PGlite's `dumpDataDir`; without it, initialisation takes seconds. */
  loadDataDir?: Blob
  warn(message: string): void
  lost(): void
}

/** Milliseconds in the queue of the connection. */
const WAIT = 30_000

export async function openEmbedded(options: EmbeddedOptions): Promise<OpenedEmbedded> {
  const { dataDir } = options
  if (dataDir === 'memory://') return pooled(await start(dataDir, options.loadDataDir), options.warn, () => {})
  makeDirectory(dataDir)
  const lock = await lockDirectory(dataDir, options.lost)
  try {
    const opened = pooled(await startIn(dataDir, options.loadDataDir), options.warn, lock.release)
    return { ...opened, copy: copyBeside(opened.pool, join(dataDir, 'postgres')) }
  } catch (error) {
    lock.release()
    throw new Error(`The embedded store in ${dataDir} does not open: ${error instanceof Error ? error.message : error}`, {
      cause: error,
    })
  }
}

function makeDirectory(dataDir: string): void {
  try {
    makeDirectories(join(dataDir, 'postgres'))
    // PGlite's files are readable for all; the directory is not.
    chmodSync(join(dataDir, 'postgres'), 0o700)
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    throw new Error(
      `The data directory ${dataDir} cannot be made or written (${code ?? message}): set DATA_DIR to one that can`,
      { cause: error },
    )
  }
}

async function startIn(dataDir: string, dump: Blob | undefined): Promise<PGlite> {
  const directory = join(dataDir, 'postgres')
  const unfinished = join(dataDir, 'postgres.unfinished')
  // An interrupted first start leaves no data.
  if (existsSync(unfinished)) rmSync(directory, { recursive: true, force: true })
  if (existsSync(join(directory, 'PG_VERSION'))) return start(directory)
  writeFileSync(unfinished, '')
  const db = await start(directory, dump)
  rmSync(unfinished)
  return db
}

function start(dataDir: string, loadDataDir?: Blob): Promise<PGlite> {
  return PGlite.create({ dataDir, extensions: { pg_trgm }, ...(loadDataDir ? { loadDataDir } : {}) })
}

/** A checkpoint writes to the files all that the process has in memory. */
function copyBeside(pool: StorePool, directory: string): (to: string) => Promise<CopyReport> {
  return async to => {
    await pool.query('CHECKPOINT')
    return copyDirectory(directory, to, async work => {
      const client = await pool.connect()
      const began = performance.now()
      try {
        await client.query('CHECKPOINT')
        await work()
        return Math.round(performance.now() - began)
      } finally {
        client.release()
      }
    })
  }
}

function pooled(db: PGlite, warn: (message: string) => void, release: () => void): OpenedEmbedded {
  const backend = new Backend(db)
  const pool = new StorePool(
    {
      user: 'postgres',
      database: 'postgres',
      ssl: false,
      max: 1,
      idleTimeoutMillis: 0,
      connectionTimeoutMillis: WAIT,
      stream: () => backend.connect(),
    },
    error => warn(`The embedded store dropped its connection: ${error.message}`),
  )
  const stopAnalyzing = keepAnalyzed(pool)
  const end = async () => {
    stopAnalyzing()
    try {
      await pool.end()
      // pg-pool does not wait for ended connections.
      await backend.emptied()
      await db.close()
    } finally {
      release()
    }
  }
  return { pool, end, dump: () => db.dumpDataDir('none') }
}
