/** A copy of the running embedded store, beside it, which a backup reads. */
import { randomUUID } from 'node:crypto'
import { chmodSync, mkdirSync, readdirSync, rmSync, statfsSync, statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { Context } from '../../authorization/context.ts'
import { Conflict } from '../../platform/errors.ts'

const PREFIX = 'backup-'
/** Milliseconds after which a copy is of a backup that was interrupted. */
const FORGOTTEN = 3_600_000
const MIB = 1024 * 1024

export interface StoreCopy {
  /** A data directory. The caller removes it. */
  readonly directory: string
  /** Milliseconds in which others waited. */
  readonly heldMs: number
}

let isCopying = false

/** Throws Conflict without space, or while another copy is made. */
export async function copyStore({ app: { store, config, log } }: Context): Promise<StoreCopy> {
  if (store.copy === null) throw new Conflict('Only an embedded store in a folder is copied: use roster backup with DATABASE_URL')
  if (isCopying) throw new Conflict('Another backup copies the store at the moment: try again later')
  const dataDir = resolve(config.dataDir)
  removeForgotten(dataDir)
  assertSpace(dataDir)
  const directory = join(dataDir, `${PREFIX}${randomUUID()}`)
  isCopying = true
  try {
    mkdirSync(join(directory, 'postgres'), { recursive: true })
    chmodSync(directory, 0o700)
    const { bytes, heldMs } = await store.copy(join(directory, 'postgres'))
    log.info({ bytes, heldMs }, 'the store was copied for a backup')
    return { directory, heldMs }
  } catch (error) {
    rmSync(directory, { recursive: true, force: true })
    throw error
  } finally {
    isCopying = false
  }
}

function removeForgotten(dataDir: string): void {
  for (const name of readdirSync(dataDir)) {
    const path = join(dataDir, name)
    if (name.startsWith(PREFIX) && Date.now() - statSync(path).mtimeMs > FORGOTTEN) rmSync(path, { recursive: true, force: true })
  }
}

function assertSpace(dataDir: string): void {
  const needed = sizeOf(join(dataDir, 'postgres'))
  const { bavail, bsize } = statfsSync(dataDir)
  const mib = (bytes: number) => `${Math.ceil(bytes / MIB)} MiB`
  // With what is written meanwhile.
  if (bavail * bsize < needed * 1.2)
    throw new Conflict(`The copy needs ${mib(needed * 1.2)} in DATA_DIR, and ${mib(bavail * bsize)} are left: free some space`)
}

function sizeOf(directory: string): number {
  const files = readdirSync(directory, { recursive: true, withFileTypes: true }).filter(entry => entry.isFile())
  return files.reduce(
    (sum, { parentPath, name }) => sum + (statSync(join(parentPath, name), { throwIfNoEntry: false })?.size ?? 0),
    0,
  )
}
