import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { Failure, usage } from './exit.ts'

export interface Source {
  readonly texts: AsyncIterable<string>
  /** Bytes; null if it is not known. */
  readonly size: number | null
  readonly read: () => number
}

/** A file, or standard input for `-`. Throws a Failure. */
export async function openSource(path: string): Promise<Source> {
  const size = path === '-' ? null : await sizeOf(path)
  const stream = size === null ? process.stdin : createReadStream(path)
  let read = 0
  return { size, read: () => read, texts: decoded(stream, bytes => (read += bytes)) }
}

async function sizeOf(path: string): Promise<number> {
  const found = await stat(path).catch(() => {
    throw usage(`There is no file ${path}.`)
  })
  if (found.isDirectory()) throw usage(`${path} is a directory: name a file.`)
  return found.size
}

/** UTF-8, without its byte order mark. */
async function* decoded(stream: AsyncIterable<Buffer | string>, count: (bytes: number) => void): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  const checked = (work: () => string): string => {
    try {
      return work()
    } catch {
      throw new Failure('The file is not UTF-8: save it as UTF-8. A spreadsheet calls that "CSV UTF-8".')
    }
  }
  for await (const chunk of stream) {
    const bytes = Buffer.from(chunk)
    count(bytes.length)
    yield checked(() => decoder.decode(bytes, { stream: true }))
  }
  yield checked(() => decoder.decode())
}
