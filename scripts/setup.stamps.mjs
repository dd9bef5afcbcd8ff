import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** One file with a hash for each finished step. */
const STAMPS = 'node_modules/.roster'

function stampFile(name) {
  return join(STAMPS, name.replaceAll(' ', '-').toLowerCase())
}
export function readStamp(name) {
  return existsSync(stampFile(name)) ? readFileSync(stampFile(name), 'utf8') : null
}
export function writeStamp(name, content) {
  mkdirSync(STAMPS, { recursive: true })
  writeFileSync(stampFile(name), content)
}

export function dropStamp(name) {
  rmSync(stampFile(name), { force: true })
}

export function hash(files) {
  const sum = createHash('sha256')
  for (const file of files) sum.update(`${file}\0`).update(readFileSync(file)).update('\0')
  return sum.digest('hex')
}

export function say(line) {
  console.log(`setup: ${line}`)
}
