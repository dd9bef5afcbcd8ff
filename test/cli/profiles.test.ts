import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { checkedUrl, connect } from '../../src/cli/client.ts'
import { profileName, profilesFile, readProfiles, saveProfile } from '../../src/cli/profiles.ts'

let folder: string
let env: Record<string, string>
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'roster-profiles-'))
  env = { XDG_CONFIG_HOME: folder }
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))
const profile = { url: 'https://roster.example/', token: 'secret', expires: null }

test('each system has its own place', () => {
  const home = { HOME: '/home/ana' }
  expect(profilesFile(home, 'linux')).toBe('/home/ana/.config/roster/profiles.json')
  expect(profilesFile(home, 'darwin')).toBe('/home/ana/Library/Application Support/roster/profiles.json')
  expect(profilesFile({ ...home, XDG_CONFIG_HOME: '/x' }, 'linux')).toBe('/x/roster/profiles.json')
})

test('profiles are kept for their owner alone, and no half of a file stays', () => {
  saveProfile(env, 'default', profile)
  saveProfile(env, 'test', { ...profile, token: 'other' })
  const file = profilesFile(env)
  expect(statSync(file).mode & 0o777).toBe(0o600)
  expect(statSync(dirname(file)).mode & 0o777).toBe(0o700)
  expect(readdirSync(dirname(file))).toEqual(['profiles.json'])
  saveProfile(env, 'test', null)
  expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual({ default: profile })
})

test('a file that others may read, or that is no JSON, is refused with a remedy', () => {
  expect(readProfiles(env)).toEqual({})
  saveProfile(env, 'default', profile)
  const file = profilesFile(env)
  chmodSync(file, 0o644)
  expect(() => readProfiles(env)).toThrow(`chmod 600 '${file}'`)
  writeFileSync(file, '{', { mode: 0o600 })
  chmodSync(file, 0o600)
  expect(() => readProfiles(env)).toThrow('remove it, and log in again')
})

test.each(['', '__proto__', 'a/b', 'x'.repeat(65)])('%j is no name of a profile', name => {
  expect(() => profileName({}, name)).toThrow('--profile must be')
})

test('a token goes only to the server that gave it', () => {
  expect(() => connect(env, {})).toThrow('Not logged in (profile default)')
  saveProfile(env, 'default', profile)
  expect(connect(env, {}).url).toBe('https://roster.example/')
  expect(connect(env, { url: 'https://roster.example' }).url).toBe('https://roster.example/')
  expect(() => connect(env, { url: 'https://other.example' })).toThrow('which is not sent to https://other.example/')
  expect(() => connect({ ...env, ROSTER_URL: 'https://other.example' }, {})).toThrow('which is not sent to')
  expect(connect({ ...env, ROSTER_URL: 'https://other.example', ROSTER_TOKEN: 't' }, {}).url).toBe('https://other.example/')
  expect(() => connect({ ROSTER_TOKEN: 't', XDG_CONFIG_HOME: join(folder, 'none') }, {})).toThrow(
    'set ROSTER_URL and ROSTER_TOKEN',
  )
})

test.each([
  ['roster.example', 'must be like https://roster.example'],
  ['ftp://roster.example', 'must be like https://roster.example'],
  ['https://ana:secret@roster.example', 'must not have a user or a password'],
  ['http://roster.example', 'is not https'],
  ['http://127.0.0.1.example', 'is not https'],
])('%s is refused as the address of a server', (url, reason) => {
  expect(() => checkedUrl(url, {})).toThrow(reason)
})

test.each([
  ['http://127.0.0.1:4000', 'http://127.0.0.1:4000/'],
  ['http://[::1]:4000', 'http://[::1]:4000/'],
  ['https://example.com/people?x#y', 'https://example.com/people/'],
])('%s is %s', (url, found) => {
  expect(checkedUrl(url, {})).toBe(found)
  expect(checkedUrl('http://roster.example', { allowHttp: true })).toBe('http://roster.example/')
})
