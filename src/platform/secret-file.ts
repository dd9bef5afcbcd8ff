import { closeSync, openSync, readSync } from 'node:fs'

export type SecretFile = { readonly secret: string } | { readonly fault: 'long' | 'empty' | 'unreadable'; readonly code?: string }

/** A secret alone in a file, or a pipe; its last line break is no part of it. Reads at most `longest` bytes and one. */
export function readSecretFile(path: string, longest: number): SecretFile {
  try {
    const file = openSync(path, 'r')
    try {
      const bytes = Buffer.alloc(longest + 1)
      let length = 0
      for (let read = -1; read !== 0 && length < bytes.length; length += read)
        read = readSync(file, bytes, length, bytes.length - length, null)
      if (length > longest) return { fault: 'long' }
      const secret = bytes.toString('utf8', 0, length).replace(/\r?\n$/, '')
      return secret === '' ? { fault: 'empty' } : { secret }
    } finally {
      closeSync(file)
    }
  } catch (error) {
    return { fault: 'unreadable', code: String((error as NodeJS.ErrnoException).code) }
  }
}
