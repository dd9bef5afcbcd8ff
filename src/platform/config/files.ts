import { readFileSync } from 'node:fs'
import { Invalid } from '../errors.ts'
import type { Parse } from './parse.ts'

/** Reads the file, so that a fault shows at start. */
export function fileOf(check: (content: Buffer) => unknown, rule: string): Parse<string> {
  return (path, name) => {
    let content: Buffer
    try {
      content = readFileSync(path)
    } catch {
      throw new Invalid(name, 'must be a file that Roster can read')
    }
    try {
      check(content)
    } catch {
      throw new Invalid(name, rule)
    }
    return path
  }
}
