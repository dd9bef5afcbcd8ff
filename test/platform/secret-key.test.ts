import { randomBytes } from 'node:crypto'
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { instanceKey } from '../../src/platform/secret-key.ts'

describe("the instance's key", () => {
  let dataDir: string
  const embedded = () => instanceKey({ secretKey: null, databaseUrl: null, dataDir })
  const mode = (file: string) => (statSync(file).mode & 0o777).toString(8)
  beforeEach(() => {
    dataDir = join(mkdtempSync(join(tmpdir(), 'roster-key-')), 'data')
  })
  afterEach(() => rmSync(join(dataDir, '..'), { recursive: true, force: true }))

  it('is SECRET_KEY when given, and then nothing is written', () => {
    const secretKey = randomBytes(32)
    expect(instanceKey({ secretKey, databaseUrl: null, dataDir })).toBe(secretKey)
    expect(readdirSync(join(dataDir, '..'))).toEqual([])
  })

  it('is made once, kept for nobody else to read, and found again', () => {
    const key = embedded()
    expect(key).toHaveLength(32)
    expect(embedded()).toEqual(key)
    expect(mode(join(dataDir, 'secret.key'))).toBe('600')
    expect(mode(dataDir)).toBe('700')
    expect(readdirSync(dataDir)).toEqual(['secret.key'])
    expect(readFileSync(join(dataDir, 'secret.key'), 'utf8').trim()).toBe(key.toString('base64'))
  })

  it('is narrowed again when its file was opened to others', () => {
    embedded()
    chmodSync(join(dataDir, 'secret.key'), 0o644)
    embedded()
    expect(mode(join(dataDir, 'secret.key'))).toBe('600')
  })

  it('is another one in another directory, and one of its own in memory', () => {
    const key = embedded()
    dataDir = join(dataDir, 'other')
    expect(embedded()).not.toEqual(key)
    const memory = { secretKey: null, databaseUrl: null, dataDir: 'memory://' }
    expect(instanceKey(memory)).not.toEqual(instanceKey(memory))
  })

  it.each([
    '',
    'short',
    randomBytes(31).toString('base64'),
    randomBytes(33).toString('base64'),
    `${randomBytes(32).toString('base64')}!`,
  ])('that is not 32 bytes in base64 (%j) is refused and left as it is', content => {
    embedded()
    writeFileSync(join(dataDir, 'secret.key'), content)
    expect(embedded).toThrow(/secret\.key must be 32 bytes in base64/)
    expect(readFileSync(join(dataDir, 'secret.key'), 'utf8')).toBe(content)
  })

  it('must be given with a server', () => {
    expect(() => instanceKey({ secretKey: null, databaseUrl: 'postgresql://db/roster', dataDir })).toThrow(
      'SECRET_KEY is required',
    )
  })
})
