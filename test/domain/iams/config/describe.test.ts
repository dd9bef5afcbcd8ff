// What `iamTypes` answers is what `checkConfig` takes: each option, given a value of the type it says, is known and in its place.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { UserActor } from '../../../../src/authorization/actor.ts'
import { type IamOption, iamTypes } from '../../../../src/domain/iams/config/describe.ts'
import type { IamType } from '../../../../src/domain/iams/config/schema.ts'
import { checkConfig } from '../../../../src/domain/iams/config/validate.ts'
import { iams } from '../../../../src/domain/iams/iams.service.ts'
import type { Store } from '../../../../src/platform/database/store.ts'
import { Forbidden } from '../../../../src/platform/errors.ts'
import { ask, makeUser, testContext } from '../../../harness/context.ts'
import { testStore } from '../../../harness/database.ts'

const optionsOf = (type: IamType) => iamTypes.find(found => found.type === type)!.options

/** What checkConfig says about a configuration that holds just this value, and what it must hold beside it. */
function faultsOf(type: IamType, { path }: IamOption, value: unknown): string {
  const config: Record<string, unknown> = {}
  let holder = config
  const steps = path.split('.')
  for (const step of steps.slice(0, -1)) {
    const name = step.replace('[]', '')
    const next: Record<string, unknown> = {}
    holder[name] = name === step ? next : [next]
    holder = next
  }
  holder[steps.at(-1)!] = value
  try {
    checkConfig(type, 'x', { input: config })
    return ''
  } catch (error) {
    return (error as Error).message
  }
}
const wrong: Record<IamOption['type'], unknown> = { string: 7, boolean: 'x', integer: 'x', list: 'x', object: 'x', mapping: 'x' }
const right: Record<IamOption['type'], string> = {
  string: 'a string',
  boolean: 'true or false',
  integer: 'an integer',
  list: 'a list',
  object: 'an object',
  mapping: 'an object',
}

describe.each(iamTypes.map(({ type }) => type))('%s', type => {
  test('each option is known under its path, and has the type that it names', () => {
    for (const option of optionsOf(type)) {
      const faults = faultsOf(type, option, wrong[option.type])
      const at = `config.${option.path.replace('[]', '[0]')}`
      if (option.values !== null && option.type === 'string')
        expect(faults).toContain(`${at} must be one of ${option.values.join(', ')}`)
      else expect(faults).toContain(`${at} must be ${right[option.type]}`)
    }
  })

  test('each has a description of its own, and a default that is valid', () => {
    const options = optionsOf(type)
    expect(options.filter(({ description }) => !/^\S.{5,}\.$/s.test(description)).map(({ path }) => path)).toEqual([])
    expect(new Set(options.map(({ path }) => path)).size).toBe(options.length)
    for (const option of options.filter(found => found.default !== null))
      expect(faultsOf(type, option, option.default)).not.toContain(`config.${option.path} must`)
  })

  test('what is required is asked for', () => {
    for (const { path } of optionsOf(type).filter(({ required }) => required)) {
      const within = path.slice(0, path.lastIndexOf('.'))
      const holder = optionsOf(type).find(option => option.path === within.replace('[]', ''))!
      expect(faultsOf(type, holder, within.endsWith('[]') ? [{}] : {})).toContain(
        `config.${path.replace('[]', '[0]')} is required`,
      )
    }
  })
})

test('the page of OpenID Connect: every option of it is there', () => {
  const paths = new Map(optionsOf('openid').map(option => [option.path, option]))
  for (const name of [
    ...[
      'allowIdPInitiatedSSO',
      'authorizationEndpoint',
      'clientId',
      'clientSecret',
      'discoverUrl',
      'enableSSL',
      'endSessionEndpoint',
    ],
    ...['issuer', 'jwksUri', 'scopes', 'supportedIdTokenSigningAlgorithms', 'tokenEndpoint', 'userInfoEndpoint', 'userIdClaim'],
  ])
    expect([name, paths.has(`options.${name}`)]).toEqual([name, true])
  for (const path of ['schema.profile', 'schema.attributeSchema', 'migrateFrom', 'scimEnabled', 'supportedActions'])
    expect([path, paths.has(path)]).toEqual([path, true])
  for (const rest of ['uri', 'useAuth', 'authentication.username', 'authentication.password'])
    expect([rest, paths.has(`externalUserInfo.${rest}`)]).toEqual([rest, true])
  expect(paths.get('options.clientSecret')).toMatchObject({ secret: true, required: false })
  expect([...paths.values()].filter(({ secret }) => secret).map(({ path }) => path)).toEqual([
    'externalUserInfo.authentication.password',
    'externalUserInfo.key',
    'options.clientSecret',
  ])
})

describe('who may ask', () => {
  let store: Store
  let admin: UserActor
  beforeAll(async () => {
    store = await testStore()
    admin = await makeUser(store, 'admin', ['APPLICATION_ADMIN'])
  })
  afterAll(() => store.close())

  test('an APPLICATION_ADMIN, and nobody else', async () => {
    const other = await makeUser(store, 'other', ['USER_ADMIN'])
    await expect(iams.types(testContext({ actor: other, store }), {})).rejects.toThrow(Forbidden)
    const { data, errors } = await ask(
      testContext({ actor: admin, store }),
      '{ iamTypes { type creatable description options { path default } } }',
    )
    expect(errors).toEqual([])
    const types = (data as { iamTypes: { type: string; creatable: boolean; options: { path: string; default: unknown }[] }[] })
      .iamTypes
    expect(types.map(({ type, creatable }) => [type, creatable])).toEqual([
      ['BUILT_IN', false],
      ['LDAP', true],
      ['OPENID', true],
      ['SAML', false],
    ])
    expect(types[2]!.options).toContainEqual({ path: 'options.scopes', default: ['openid', 'profile', 'email'] })
  })
})
