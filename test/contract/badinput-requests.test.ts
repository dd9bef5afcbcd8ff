// Bad input, request by request: ids, bodies and paths that nobody can mean get a 4xx, never a 5xx, HTML or a stack.
import { afterAll, describe, expect, test } from 'vitest'
import { bootApp } from '../harness/app.ts'
import { badInputState, expectBad } from './badinput.ts'
import { segment, send, sendRaw } from './client.ts'
import { calls } from './examples.ts'
import { expectGraphqlRefusal, expectNoLeak, expectRefusal, fresh, world } from './world.ts'

const app = await bootApp()
afterAll(() => app.close())
const w = world(app)
const { crew, payloads, everything } = await badInputState(w)

const json = 'application/json'
const TOO_DEEP = /^body must not nest deeper than 64 levels/

describe('Bad input: ids', () => {
  const ids = ['0', '-1', '2147483648', '9007199254740993', '1e3', 'NaN', '1 or 1=1', "1'--", '%', '{}', '00x']
  test.each(ids)('Bad input: the id %s is 4xx on every path that takes one', async id => {
    const at = segment(id)
    const paths: [string, string, string?][] = [
      ['GET', `/bim/group/${at}`],
      ['PUT', `/bim/group/${at}`],
      ['DELETE', `/bim/group/${at}`],
      ['GET', `/bim/group/${at}/user`],
      ['POST', `/bim/group/${at}/user`],
      ['DELETE', `/bim/group/${crew.id}/user/${at}`, 'groupuserid'],
      ['PUT', `/bim/iam/bim/group/${at}/authorizations/a/b`, 'groupId|modelId'],
      ['DELETE', `/bim/iam/bim/group/${at}/authorizations/a/b`, 'groupId|modelId'],
      ['DELETE', `/bim/apikey/${at}`, 'keyid'],
      ['GET', `/bim/group?ids=${at}`, 'ids'],
      ['GET', `/bim/group?userid=${at}`, 'userid'],
      ['GET', `/bim/user?profileIds=${at}`, 'profileIds'],
    ]
    for (const [method, path, field = 'groupId'] of paths) {
      const answer = await w.admin(method, path, method === 'POST' || method === 'PUT' ? { json: {} } : {})
      expectRefusal(answer, 400, new RegExp(`^(${field}) must be `))
    }
    if (/^\d+$/.test(id)) expectRefusal(await w.admin('GET', `/bim/iam/bim/user/${at}`), 400, /^userid must be /)
  })

  test.each([[[0]], [[2 ** 31]], [[2 ** 53 + 2]], [['1']], [[1.5]], [[null]], [1], ['1'], [{}]])(
    'Bad input: profileIds and groupIds %j are 400',
    async ids => {
      for (const field of ['profileIds', 'groupIds']) {
        expectRefusal(await w.admin('POST', '/bim/user/search', { json: { [field]: ids } }), 400, new RegExp(field))
      }
    },
  )

  test('Bad input: userAttributes, groupNames, globalUserIds, domainId and iamid of other shapes are 400', async () => {
    const wrong: Record<string, unknown[]> = {
      userAttributes: ['x', ['x'], [{}], [{ key: 7, value: 'x' }], [{ value: 'x' }], { key: 'a', value: 'b' }, [[]]],
      groupNames: ['x', [7], [null], {}],
      globalUserIds: ['x', [7], [{}]],
      iamid: [7, [7], {}, [[]]],
      domainId: [7, ['x'], {}],
      includeDisabled: ['true', 1, null, []],
    }
    for (const [field, values] of Object.entries(wrong)) {
      for (const value of values) {
        const answer = await w.admin('POST', '/bim/user/search', { json: { [field]: value } })
        expectRefusal(answer, 400, new RegExp(`^${field}\\b`))
      }
    }
    // No domain has such an id, so nobody is in it.
    expect((await w.admin('POST', '/bim/user/search', { json: { domainId: 'x' } })).status).toBeLessThan(500)
  })
})

describe('Bad input: bodies', () => {
  test('Bad input: 10,000 levels of nesting are 4xx, on REST and on GraphQL', async () => {
    const deep = `${'['.repeat(10_000)}${']'.repeat(10_000)}`
    for (const { method, path } of payloads) {
      expectBad(await w.admin(method, path, { raw: deep, type: json }), TOO_DEEP)
      expectBad(await w.admin(method, path, { raw: `{"userid":${deep}}`, type: json }), TOO_DEEP)
    }
    const deepQuery = `{"query":"{ viewer { can } }","variables":{"a":${deep}}}`
    const invalid = { code: 'BAD_USER_INPUT', field: 'body' }
    expectGraphqlRefusal(await w.admin('POST', '/graphql', { raw: deepQuery, type: json }), 400, invalid)
    const query = `${'{ viewer { user '.repeat(1)}${'{ iam '.repeat(5000)}`
    expect((await w.admin('POST', '/graphql', { json: { query } })).status).toBeLessThan(500)
  })

  test('Bad input: a body of 50 MB is 413', async () => {
    const raw = Buffer.alloc(50 * 1024 * 1024, 'x')
    for (const path of ['/bim/group', '/graphql', '/bim/iam/bim/user/authenticate']) {
      // The server may hang up before all is sent: that is a refusal too.
      const answer = await w.admin('POST', path, { raw, type: json }).catch(() => null)
      if (answer) expect(answer.status).toBe(413)
    }
    expect((await w.admin('GET', '/bim/iam')).status).toBe(200)
  })

  test('Bad input: broken UTF-8 and broken JSON are 400', async () => {
    const broken = [
      Buffer.from([0x7b, 0xff, 0x7d]),
      Buffer.from('{"name":"\xc3\x28","iamid":"bim"}', 'latin1'),
      '{',
      '{"a":1,}',
      "{'a':1}",
      'NaN',
    ]
    for (const raw of broken) {
      for (const { method, path } of payloads) {
        const answer = await w.admin(method, path, { raw, type: json })
        expectRefusal(answer, 400, /^body must be valid (JSON|UTF-8)/)
      }
    }
  })

  test('Bad input: a malformed query string is 4xx or ignored', async () => {
    for (const target of [
      '/bim/user?%',
      '/bim/user?&&&=',
      '/bim/user?=',
      '/bim/user??',
      '/bim/user?name=%c3%28',
      '/bim/user?size=%00',
    ]) {
      const answer = await sendRaw(app.url, 'GET', target, app.admin.token)
      expect(answer.status, target).toBeLessThan(500)
      expectNoLeak(answer.text)
    }
  })
})

describe('Bad input: every documented call', () => {
  test.each(calls)('Bad input: %s with rubbish in every place is a 4xx in the documented form', async call => {
    const [method = '', template = ''] = call.split(' ')
    const before = await everything()
    for (const rubbish of [
      '%00',
      '%ED%A0%80',
      '%FF',
      '..%2F..%2Fetc%2Fpasswd',
      '%E2%80%8B',
      'x'.repeat(5000),
      "'%3B%20DROP%20TABLE%20users",
    ]) {
      const path = template.replaceAll(/\{\w+\}/g, rubbish)
      if (path === template) continue
      const answer = await sendRaw(app.url, method, path, app.admin.token)
      expectBad(answer)
    }
    if (method !== 'GET')
      expectBad(
        await w.admin(method, template.replaceAll(/\{\w+\}/g, 'x'), { raw: 'rubbish', type: json }),
        /^body must be valid JSON/,
      )
    expect(await everything()).toEqual(before)
  })

  test('Bad input: dot segments and odd request lines get no 5xx', async () => {
    for (const target of [
      '/bim/../../etc/passwd',
      '/bim/./user',
      '/bim/iam/bim/user/..',
      '/bim/iam/bim/user/%2e%2e',
      '//',
      '/bim/user;a=b',
      '/BIM/USER',
    ]) {
      const answer = await sendRaw(app.url, 'GET', target, app.admin.token)
      expect(answer.status, target).toBeLessThan(500)
      expectNoLeak(answer.text)
    }
  })

  test('Bad input: duplicates in another case or normal form are 409', async () => {
    const name = fresh('Café')
    await w.createUser(name)
    await w.createGroup(name)
    for (const same of [name.toUpperCase(), name.normalize('NFD')]) {
      expectRefusal(
        await send(app.url, 'POST', '/bim/iam/bim/user', { token: app.admin.token, json: { userid: same } }),
        409,
        /^userid is already taken/,
      )
      expectRefusal(await w.admin('POST', '/bim/group', { json: { iamid: 'bim', name: same } }), 409, /^name is already taken/)
    }
  })
})
