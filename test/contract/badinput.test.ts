// Bad input, field by field: a wrong type or an impossible text is 400 and named, and nothing changes.
import { afterAll, describe, expect, test } from 'vitest'
import { bootApp } from '../harness/app.ts'
import { badInputState } from './badinput.ts'
import { sendRaw } from './client.ts'
import { expectNoLeak, expectRefusal, userPath, world } from './world.ts'

const app = await bootApp()
afterAll(() => app.close())
const w = world(app)
const { payloads, everything } = await badInputState(w)

const json = 'application/json'

const fields = payloads.flatMap(payload =>
  Object.keys(payload.good).map(field => [`${payload.call}, ${field}`, payload, field] as const),
)

/** A value of a type that the field's own is not; none is ever right. */
function wrongTypes(good: unknown): unknown[] {
  const all = [['x'], [], {}, { a: 'b' }, 7, 7.5, true, 'x']
  if (Array.isArray(good)) return ['x', 7, true, {}, [7], [null], [['x']]]
  if (typeof good === 'object') return ['x', 7, true, [7]]
  return all.filter(value => typeof value !== typeof good)
}

describe('Bad input: types', () => {
  test.each(fields)(
    'Bad input: %s: a value of another type is 400 and names the field',
    async (_title, { method, path, good }, field) => {
      const before = await everything()
      for (const wrong of wrongTypes(good[field])) {
        const answer = await w.admin(method, path, { json: { ...good, [field]: wrong } })
        expectRefusal(answer, 400, new RegExp(field))
      }
      expect(await everything()).toEqual(before)
    },
  )

  test('Bad input: a body that is not an object is 400', async () => {
    const before = await everything()
    for (const { method, path } of payloads) {
      for (const body of ['x', 7, true, [[]]])
        expectRefusal(await w.admin(method, path, { json: body }), 400, /^body must be an object/)
    }
    expect(await everything()).toEqual(before)
  })
})

describe('Bad input: texts', () => {
  test.each([
    ['NUL', 'a\u0000b'],
    ['a lone surrogate', 'a\udfffb'],
  ])('Bad input: %s in any text is 400 and names the field', async (_what, text) => {
    const before = await everything()
    // An attempt to log in with a text that nobody can have is a failed log-in; a token that nobody can have is unknown.
    const closed = payloads.filter(({ path }) => !/authenticate|impersonate|token/.test(path))
    for (const { method, path, good } of closed) {
      for (const field of Object.keys(good).filter(name => typeof good[name] === 'string' && name !== 'password')) {
        const answer = await w.admin(method, path, { json: { ...good, [field]: text } })
        expectRefusal(answer, 400, new RegExp(`^(profile\\.)?${field} must not contain`))
      }
    }
    for (const path of ['/bim/user?name=', '/bim/group?name=', '/bim/iam/bim/user/']) {
      expect((await sendRaw(app.url, 'GET', `${path}a%00b`, app.admin.token)).status).toBeLessThan(500)
      expectRefusal(
        await sendRaw(app.url, 'GET', `${path}%ed%a0%80`, app.admin.token),
        400,
        /^(name|path) must be valid percent-encoded/,
      )
    }
    expect(await everything()).toEqual(before)
  })

  test.each(['__proto__', 'constructor', 'prototype', 'toString'])('Bad input: the key %s does no harm', async key => {
    const before = await everything()
    for (const { method, path } of payloads) {
      if (path.endsWith('authenticate')) continue
      const answer = await w.admin(method, path, { raw: `{"${key}": {"isAdmin": true, "userid": "x", "name": "x"}}`, type: json })
      expect(answer.status, `${path} ${answer.text}`).toBeLessThan(500)
      expectNoLeak(answer.text)
    }
    expect(await everything().then(([users]) => users)).toMatchObject({ count: (before[0] as { count: string }).count })
    const tagged = await w.admin('PUT', `${userPath('bad-input')}/authorizations/${key}/x`)
    expect([200, 400]).toContain(tagged.status)
    await w.admin('DELETE', `${userPath('bad-input')}/authorizations/${key}`)
    const search = await w.admin('GET', `/bim/user?${key}=1`)
    expect(search.status).toBeLessThan(500)
    expect((await w.getUser('bad-input')).authorizations).toEqual({ desk: ['day'] })
  })
})
