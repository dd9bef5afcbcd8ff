// What a configuration's faults are one by one, what was probably meant by an unknown option, and changes of what was changed meanwhile.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { toGlobalId } from '../../../src/api/graphql/node.ids.ts'
import { iamTypes } from '../../../src/domain/iams/config/describe.ts'
import { Invalid } from '../../../src/platform/errors.ts'
import { bootApp, type TestApp } from '../../harness/app.ts'
import { check, faultsOf } from './faults.ts'

let app: TestApp
beforeAll(async () => {
  app = await bootApp()
})
afterAll(() => app?.close())

describe('unknown options', () => {
  const options = { host: 'a', userSearchBase: 'dc=x', userIdAttribute: 'uid' }
  test.each([
    [{ options: { ...options, prot: 389 } }, 'config.options.prot is not known: did you mean port?'],
    [{ options: { ...options, HOST: 'a' } }, 'config.options.HOST is not known: did you mean host?'],
    [
      { options: { ...options, rejectUnauthorised: true } },
      'config.options.rejectUnauthorised is not known: did you mean rejectUnauthorized?',
    ],
    [{ options, supportedAction: [] }, 'config.supportedAction is not known: did you mean supportedActions?'],
    [{ options, permisions: {} }, 'config.permisions is not known: did you mean permissions?'],
    [{ options, host: 'a' }, 'config.host is not known: it belongs at config.options.host'],
    [{ options, schema: { profile: { emial: 'mail' } } }, 'config.schema.profile.emial is not known: did you mean email?'],
    [{ options, schema: { profile: { nickname: 'cn' } } }, 'config.schema.profile.nickname is not known'],
    [{ options, colour: 'red' }, 'config.colour is not known'],
  ])('%j', (config, fault) => {
    expect(faultsOf('ldap', config)).toContain(fault)
  })

  test('in an object of a list', () => {
    const schema = { attributeSchema: [{ scimSchema: 'urn:a', prefix: 'A', prefixx: 'B' }] }
    expect(faultsOf('openid', { scimEnabled: true, schema })).toEqual([
      'config.schema.attributeSchema[0].prefixx is not known: did you mean prefix?',
    ])
  })

  test('every option with a letter too many, too few or swapped is recognised', () => {
    for (const { type, options } of iamTypes)
      for (const { path, name } of options.filter(option => option.name.length > 3 && !option.path.includes('[]'))) {
        const swapped = name.slice(0, 1) + name[2] + name[1] + name.slice(3)
        for (const wrong of [`${name}x`, name.slice(0, -1), swapped].filter(
          word => !options.some(option => option.path.endsWith(word)),
        )) {
          const steps = [...path.split('.').slice(0, -1), wrong]
          const config = steps.reduceRight<unknown>((value, step) => ({ [step]: value }), 'x')
          const found = faultsOf(type, config).find(fault => fault.startsWith(`config.${steps.join('.')} is not known`))
          expect(found, `${type} ${steps.join('.')}`).toMatch(/did you mean|it belongs at/)
        }
      }
  })

  test('a thousand long unknown names cost little', () => {
    const many = Object.fromEntries(Array.from({ length: 1000 }, (_, at) => [`supportedActi${at}ns`.padEnd(40, 'x'), 1]))
    const started = performance.now()
    const found = faultsOf('ldap', { ...many, ['y'.repeat(100_000)]: 1 })
    expect(performance.now() - started).toBeLessThan(1_000)
    expect(found.at(-1)).toMatch(/^and \d+ more$/)
  })
})

describe('several faults', () => {
  test('each is a field and a rule of its own, and the message is all of them', () => {
    const config = { colour: 'red', options: { port: 0, prot: 1 } }
    const error = (() => {
      try {
        return check('ldap', config)
      } catch (thrown) {
        return thrown as Invalid
      }
    })() as Invalid
    expect(error).toBeInstanceOf(Invalid)
    expect(error.faults).toEqual(
      expect.arrayContaining([
        { field: 'config.colour', rule: 'is not known' },
        { field: 'config.options.port', rule: 'must be at least 1' },
        { field: 'config.options.host', rule: 'is required' },
        { field: 'config.options.prot', rule: 'is not known: did you mean port?' },
      ]),
    )
    expect(error.faults!.map(({ field, rule }) => `${field} ${rule}`).join('; ')).toBe(error.message)
  })

  test('GraphQL has them in extensions.faults', async () => {
    const { errors } = await app.graphql('mutation($input: CreateIamInput!) { createIam(input: $input) { iam { id: iamid } } }', {
      input: { displayName: 'Corp', type: 'LDAP', config: { options: { host: 'a', userSearchBase: 'dc=x', prot: 1 } } },
    })
    const faults = [
      { field: 'config.options.prot', rule: 'is not known: did you mean port?' },
      { field: 'config.options.userSearchFilter', rule: 'or options.userIdAttribute is required' },
    ]
    expect(errors![0].extensions).toMatchObject({ code: 'BAD_USER_INPUT', field: 'config.options.prot', faults })
  })
})

describe('ifUpdatedAt', () => {
  const stale = { code: 'STALE', field: 'ifUpdatedAt' }
  const update = 'mutation($input: UpdateIamInput!) { updateIam(input: $input) { iam { displayName updatedAt } } }'

  async function makeIam(id: string): Promise<string> {
    const { data } = await app.graphql('mutation($input: CreateIamInput!) { createIam(input: $input) { iam { updatedAt } } }', {
      input: { iamid: id, displayName: id, type: 'LDAP' },
    })
    return data.createIam.iam.updatedAt
  }

  test('of two who read the same IAM, the second to write is refused and nothing is changed', async () => {
    const read = await makeIam('twice')
    const first = await app.graphql(update, { input: { iamid: 'twice', displayName: 'First', ifUpdatedAt: read } })
    expect(first.data.updateIam.iam.displayName).toBe('First')
    const second = await app.graphql(update, { input: { iamid: 'twice', displayName: 'Second', ifUpdatedAt: read } })
    expect(second.errors![0].extensions).toMatchObject(stale)
    expect(second.errors![0].message).toBe(
      `The IAM twice was changed at ${first.data.updateIam.iam.updatedAt}, after you read it: read it again`,
    )
    const removal = 'mutation($input: DeleteIamInput!) { deleteIam(input: $input) { deletedId } }'
    const removed = await app.graphql(removal, { input: { iamid: 'twice', ifUpdatedAt: read } })
    expect(removed.errors![0].extensions).toMatchObject(stale)
    expect((await app.graphql('{ iam(iamid: "twice") { displayName } }')).data.iam.displayName).toBe('First')
    const { updatedAt } = first.data.updateIam.iam
    const again = await app.graphql(update, { input: { iamid: 'twice', displayName: 'Second', ifUpdatedAt: updatedAt } })
    expect(again.data.updateIam.iam.displayName).toBe('Second')
    const last = { iamid: 'twice', ifUpdatedAt: again.data.updateIam.iam.updatedAt }
    expect((await app.graphql(removal, { input: last })).data.deleteIam).toEqual({ deletedId: toGlobalId('Iam', last.iamid) })
  })

  test('of twenty who write at once, one is done', async () => {
    const ifUpdatedAt = await makeIam('race')
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, n) =>
        app.graphql(update, { input: { iamid: 'race', displayName: `Race ${n}`, ifUpdatedAt } }),
      ),
    )
    expect(answers.filter(({ errors }) => errors === undefined)).toHaveLength(1)
    for (const { errors } of answers.filter(({ errors }) => errors !== undefined))
      expect(errors![0].extensions).toMatchObject(stale)
  })

  test('of a group', async () => {
    const made = await app.graphql(
      'mutation { createGroup(input: { name: "Crew", iamid: "bim" }) { group { id: databaseId updatedAt } } }',
    )
    const { id, updatedAt: ifUpdatedAt } = made.data.createGroup.group
    const rename = 'mutation($input: UpdateGroupInput!) { updateGroup(input: $input) { group { name } } }'
    const change = (name: string) => app.graphql(rename, { input: { ref: { databaseId: id }, name, ifUpdatedAt } })
    expect((await change('Crew 1')).data.updateGroup.group.name).toBe('Crew 1')
    expect((await change('Crew 2')).errors![0].extensions).toMatchObject(stale)
    expect((await app.graphql(`{ group(ref: { databaseId: ${id} }) { name } }`)).data.group.name).toBe('Crew 1')
  })
})
