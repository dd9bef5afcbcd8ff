import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { expiryOf, firstExpiry } from '../../src/platform/expiry.ts'
import { hasOpenssl, makeCertificate } from './http/openssl.ts'

const now = new Date('2026-12-01T12:00:00Z')
const at = (until: string) => expiryOf('TLS_CERT', new Date(until), { now, fix: 'Renew it.' })

test('a month before the end is a warning, after it a fault', () => {
  expect(at('2027-06-01T12:00:00Z')).toEqual({
    about: 'certificates',
    status: 'ok',
    detail: 'TLS_CERT is valid until 2027-06-01, 182 days more',
  })
  expect(at('2026-12-31T12:00:00Z').status).toBe('ok')
  expect(at('2026-12-31T11:59:00Z')).toMatchObject({ status: 'warning', fix: 'Renew it.' })
  expect(at('2026-12-02T13:00:00Z').detail).toBe('TLS_CERT is valid until 2026-12-02, 1 day more')
  expect(at('2026-11-30T12:00:00Z')).toEqual({
    about: 'certificates',
    status: 'fault',
    detail: 'TLS_CERT expired on 2026-11-30',
    fix: 'Renew it.',
  })
})

test.skipIf(!hasOpenssl)('of several certificates the first end counts; what is none is left out', () => {
  const folder = mkdtempSync(join(tmpdir(), 'roster-expiry-'))
  try {
    const { cert } = makeCertificate(folder, 'one')
    const broken = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n'
    const days = (firstExpiry(`${broken}${cert}${cert}`)!.getTime() - Date.now()) / 86_400_000
    expect(days).toBeGreaterThan(1.9)
    expect(days).toBeLessThan(2.1)
    expect(firstExpiry(broken)).toBeNull()
    expect(firstExpiry('')).toBeNull()
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})
