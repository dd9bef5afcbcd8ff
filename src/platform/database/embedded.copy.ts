import { constants, statSync } from 'node:fs'
import { copyFile, mkdir, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'

/** Bytes that are left to copy while others wait; rounds before. */
const FEW = 32 * 1024 * 1024
const ROUNDS = 3
/** Files that are copied at one time. */
const TOGETHER = 64
/** Nanoseconds: a file that was written so shortly before may have been written after, too. */
const RECENT = 1_000_000_000n

export interface CopyReport {
  readonly bytes: number
  /** While which others waited. */
  readonly heldMs: number
}

interface Copied {
  readonly size: bigint
  readonly mtimeNs: bigint
}

/**
 * Copies a directory that is written to: most of it beside the writers, then with them held what has changed.
 * `hold` runs its work while nothing is written, and returns for how many milliseconds.
 */
export async function copyDirectory(
  from: string,
  to: string,
  hold: (work: () => Promise<void>) => Promise<number>,
): Promise<CopyReport> {
  const copy = new DirectoryCopy(from, to)
  let bytes = await copy.round()
  for (let round = 1, last = bytes; round < ROUNDS && last > FEW; round++) bytes += last = await copy.round()
  const heldMs = await hold(async () => {
    bytes += await copy.round()
  })
  return { bytes, heldMs }
}

class DirectoryCopy {
  readonly #from: string
  readonly #to: string
  readonly #copied = new Map<string, Copied>()

  constructor(from: string, to: string) {
    this.#from = from
    this.#to = to
  }

  /** Copies what has changed. Returns its bytes. */
  async round(): Promise<number> {
    const seen = new Set<string>()
    const bytes = await this.#directory('', seen)
    for (const path of this.#copied.keys()) {
      if (seen.has(path)) continue
      this.#copied.delete(path)
      await rm(join(this.#to, path), { force: true })
    }
    return bytes
  }

  async #directory(path: string, seen: Set<string>): Promise<number> {
    await mkdir(join(this.#to, path), { recursive: true, mode: 0o700 })
    const entries = await readdir(join(this.#from, path), { withFileTypes: true }).catch(goneList)
    let bytes = 0
    const files = entries.filter(entry => entry.isFile()).map(({ name }) => join(path, name))
    for (let at = 0; at < files.length; at += TOGETHER) {
      const sizes = await Promise.all(files.slice(at, at + TOGETHER).map(file => this.#file(file, seen)))
      bytes += sizes.reduce((sum, size) => sum + size, 0)
    }
    for (const entry of entries) if (entry.isDirectory()) bytes += await this.#directory(join(path, entry.name), seen)
    return bytes
  }

  async #file(path: string, seen: Set<string>): Promise<number> {
    const now = BigInt(Date.now()) * 1_000_000n
    // Synchronous: a busy process has few turns.
    const found = statSync(join(this.#from, path), { bigint: true, throwIfNoEntry: false })
    if (found === undefined) return 0
    seen.add(path)
    const { size, mtimeNs } = found
    const before = this.#copied.get(path)
    if (before && before.size === size && before.mtimeNs === mtimeNs) return 0
    // A clone, where the file system has them.
    const done = await copyFile(join(this.#from, path), join(this.#to, path), constants.COPYFILE_FICLONE).then(() => true, gone)
    if (done === null) return 0
    this.#copied.set(path, { size, mtimeNs: now - mtimeNs < RECENT ? -1n : mtimeNs })
    return Number(size)
  }
}

/** Files go while they are copied. */
function gone(error: NodeJS.ErrnoException): null {
  if (error.code === 'ENOENT') return null
  throw error
}
const goneList = (error: NodeJS.ErrnoException): [] => gone(error) ?? []
