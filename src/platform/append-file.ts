import { type FileHandle, open } from 'node:fs/promises'

/** Of its owner alone: it has personal data. */
const MODE = 0o600

/** A new file, made with the first lines. Throws if it exists. */
export class AppendFile {
  readonly path: string
  #handle: FileHandle | null = null

  constructor(path: string) {
    this.path = path
  }

  /** Resolves when the lines are on the disk. */
  async append(lines: readonly string[]): Promise<void> {
    this.#handle ??= await open(this.path, 'wx', MODE)
    await this.#handle.appendFile(lines.map(line => `${line}\n`).join(''))
    await this.#handle.sync()
  }

  async close(): Promise<void> {
    await this.#handle?.close()
    this.#handle = null
  }
}
