import { describe, expect, test } from 'vitest'
import { configOf } from '../../../../src/domain/iams/config/patched.ts'
import { Invalid } from '../../../../src/platform/errors.ts'

const before = { type: 'ldap', config: { options: { host: 'one', port: 636 }, credentials: { bind_dn: 'cn=reader' } } }
const patched = (configPatch: unknown) => configOf(before, { configPatch })

describe('the wanted configuration', () => {
  test('is the given one, or none', () => {
    expect(configOf(before, { config: { options: {} } })).toEqual({ options: {} })
    expect(configOf(before, {})).toBeNull()
    expect(configOf(before, { config: null, configPatch: null })).toBeNull()
  })

  test('is the stored one with the changes of the patch', () => {
    expect(patched({})).toEqual(before.config)
    expect(patched({ options: { port: null, useSSL: true } })).toEqual({
      options: { host: 'one', useSSL: true },
      credentials: { bind_dn: 'cn=reader' },
    })
    expect(before.config.options).toEqual({ host: 'one', port: 636 })
  })

  test('has null for each secret that the patch removes, by itself or with what holds it', () => {
    expect(patched({ credentials: { bind_pw: null } })).toMatchObject({ credentials: { bind_dn: 'cn=reader', bind_pw: null } })
    expect(patched({ credentials: null })).toEqual({ options: before.config.options, credentials: { bind_pw: null } })
    expect(patched({ credentials: { bind_pw: 'new' } })).toMatchObject({ credentials: { bind_pw: 'new' } })
  })

  test.each(['text', 1, true, [1]])('is refused from the patch %j', patch => {
    expect(() => patched(patch)).toThrow(new Invalid('configPatch', 'must be an object'))
  })

  test('is refused from both', () => {
    expect(() => configOf(before, { config: {}, configPatch: {} })).toThrow(/^configPatch cannot be combined with config/)
  })
})
