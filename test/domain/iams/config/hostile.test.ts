import { describe, expect, test } from 'vitest'
import { faultsOf } from '../faults.ts'

const options = { host: 'ldap.roster.example', userSearchBase: 'dc=roster', userIdAttribute: 'uid' }

describe('hostile input is refused without a crash', () => {
  test.each<[string, unknown]>([
    ['a list', []],
    ['text', 'x'],
    ['a number', 1],
  ])('%s instead of an object', (_, config) => {
    expect(faultsOf('ldap', config)).toEqual(['config must be an object'])
  })

  test.each(['{"__proto__":{"a":1}}', '{"constructor":1}', '{"schema":{"__proto__":{}}}'])('%s', text => {
    expect(faultsOf('ldap', JSON.parse(text))).toEqual([expect.stringMatching(/is not known$/)])
    expect(({} as { a?: number }).a).toBeUndefined()
  })

  test.each(['__proto__', 'constructor', 'a\u0000b', 'a\nb', '', '\ud800', 'x'.repeat(255)])(
    '%j as the name of an attribute',
    name => {
      const config = JSON.parse(`{"schema":{"authorizations":{${JSON.stringify(name)}:"x"}}}`)
      expect(faultsOf('ldap', config)).toEqual([expect.stringMatching(/is not a name$/)])
    },
  )

  test.each(['\u0000', '\ud800', 'a\u001b[0m'])('%j as text', text => {
    const rule = 'must not contain control characters and lone surrogates'
    expect(faultsOf('ldap', { options: { ...options, userSearchBase: text } })).toEqual([`config.options.userSearchBase ${rule}`])
  })

  test('objects where secrets belong, and secrets of the wrong kind', () => {
    expect(faultsOf('ldap', { credentials: [] })).toEqual(['config.credentials must be an object'])
    for (const value of [{}, [], 1, true, '', '\ud800', 'x'.repeat(1025)])
      expect(faultsOf('ldap', { credentials: { bind_dn: 'cn=a', bind_pw: value } })).toHaveLength(1)
  })

  test('thousands of faults: the first are named, the rest counted', () => {
    const config = Object.fromEntries(Array.from({ length: 5000 }, (_, index) => [`field${index}`, 1]))
    const faults = faultsOf('ldap', config)
    expect(faults).toHaveLength(51)
    expect(faults.at(-1)).toMatch(/^and \d+ more$/)
  })

  test('a fault never repeats a value', () => {
    const faults = faultsOf('openid', {
      options: { clientId: ['hunter2'], clientSecret: { a: 'hunter2' }, discoverUrl: 'hunter2' },
    })
    expect(faults).toHaveLength(3)
    expect(faults.join()).not.toContain('hunter2')
  })
})
