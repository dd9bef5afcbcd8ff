import type pg from 'pg'
import { expect, test } from 'vitest'
import { isDiskFull } from '../../../src/platform/database/disk-full.ts'

test('a full disk is logged once a minute, other refusals are not', () => {
  const lines: string[] = []
  const refused = isDiskFull({ error: line => void lines.push(line) })
  const refusal = (code: string) => ({ code, message: 'could not extend file' }) as pg.DatabaseError
  refused(refusal('23505'))
  expect(lines).toEqual([])
  refused(refusal('53100'))
  refused(refusal('53100'))
  expect(lines).toEqual(['the disk of the database is full, nothing can be written: could not extend file'])
})
