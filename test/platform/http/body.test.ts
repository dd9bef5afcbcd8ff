import { describe, expect, it } from 'vitest'
import { UnsupportedMediaType } from '../../../src/platform/errors.ts'
import { parseBody, parseForm, parseJson } from '../../../src/platform/http/body.ts'
import { parseQuery } from '../../../src/platform/http/query.ts'

const nested = (levels: number) => `${'['.repeat(levels)}${']'.repeat(levels)}`
const deepObject = (levels: number) => `${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`

describe('parseJson', () => {
  it('gives the value', () => {
    expect(parseJson('{"a":[1,"x",null,true],"b":{"c":1.5}}')).toEqual({ a: [1, 'x', null, true], b: { c: 1.5 } })
    expect(parseJson('"text"')).toBe('text')
    expect(parseJson('\uFEFF{"a":1}')).toEqual({ a: 1 })
    expect(parseJson('{"a":1,"a":2}')).toEqual({ a: 2 })
  })

  it.each([
    ['arrays', nested],
    ['objects', deepObject],
  ])('takes 64 levels of %s and no more', (_, make) => {
    expect(() => parseJson(make(64))).not.toThrow()
    expect(() => parseJson(make(65))).toThrow('body must not nest deeper than 64 levels')
    expect(() => parseJson(make(10_000))).toThrow('body must not nest deeper than 64 levels')
  })

  it('takes 10,000 members of one object and no more, at every level and whatever is beside it', () => {
    const members = (count: number) => Array.from({ length: count }, (_, n) => `"${n}":["a,b",{"c":1},",,"]`).join()
    for (const [before, after] of [
      ['{', '}'],
      ['[[{', '}],1]'],
      [`{"a":{${members(6_000)}},"b":{`, `},"c":{${members(6_000)}}}`],
    ]) {
      expect(() => parseJson(`${before}${members(10_000)}${after}`)).not.toThrow()
      expect(() => parseJson(`${before}${members(10_001)}${after}`)).toThrow(
        'body must not hold an object of more than 10000 members',
      )
    }
    expect(parseJson(`[${Array(50_000).fill('{"a":1,"b":2}').join()}]`)).toHaveLength(50_000)
  })

  it('counts levels, not brackets', () => {
    expect(parseJson(`[${Array(500).fill('[{}]').join(',')}]`)).toHaveLength(500)
  })

  it('does not take brackets in strings for levels', () => {
    const tricky = ['['.repeat(200), `\\"${'{'.repeat(200)}`, `\\\\`, `"${'['.repeat(200)}`]
    expect(parseJson(JSON.stringify(tricky))).toEqual(tricky)
    // The other way round: a string that ends in an escaped backslash does not swallow what follows.
    expect(() => parseJson(`["\\\\",${nested(64)}]`)).toThrow('64 levels')
    expect(() => parseJson(`["a\\"",${nested(64)}]`)).toThrow('64 levels')
  })

  it.each(['', '{', '[1,', '{"a":}', "{'a':1}", 'undefined', 'NaN', '{"a":1}}', '"\u0000"', '"\n"', '01'])('refuses %j', text => {
    expect(() => parseJson(text)).toThrow(/^body must be valid JSON/)
  })

  it('never quotes the body in its message', () => {
    expect(() => parseJson('{"password": hunter2, "b": 1}')).toThrow(/^body must be valid JSON$/)
    expect(() => parseJson('{"password": "hunter2" "b": 1}')).toThrow(/^body must be valid JSON \(it breaks at character 24\)$/)
  })

  it.each([
    ['{"__proto__":1}', '__proto__ is not allowed as a key'],
    ['{"a":{"constructor":1}}', 'a.constructor is not allowed as a key'],
    ['{"a":[{"b":[{"__proto__":{}}]}]}', 'a.b.__proto__ is not allowed as a key'],
    ['{"\\u005f_proto__":1}', '__proto__ is not allowed as a key'],
    ['{"\\u0063onstructor":1}', 'constructor is not allowed as a key'],
  ])('refuses the key in %s', (text, message) => {
    expect(() => parseJson(text)).toThrow(message)
  })

  it('takes those words as values, and as parts of a key', () => {
    expect(parseJson('{"name":"constructor","my__proto__":"__proto__"}')).toEqual({
      name: 'constructor',
      my__proto__: '__proto__',
    })
  })

  it.each([
    ['{"a":"\\u0000"}', 'a must not contain a NUL character'],
    ['{"a":{"b":["x","y\\u0000"]}}', 'a.b must not contain a NUL character'],
    ['{"a\\u0000":1}', 'A key of the body must not contain a NUL character'],
    ['{"p":{"\\ud800":1}}', 'A key of p must not contain a lone surrogate'],
    ['{"a":"\\ud800"}', 'a must not contain a lone surrogate'],
    ['{"a":"\\uDC00x"}', 'a must not contain a lone surrogate'],
    ['{"a":"\\ud800\\ud800\\udc00"}', 'a must not contain a lone surrogate'],
    ['"\\ud83d"', 'body must not contain a lone surrogate'],
    ['["\\u0000"]', 'body must not contain a NUL character'],
  ])('refuses %s', (text, message) => {
    expect(() => parseJson(text)).toThrow(message)
  })

  it('takes escaped pairs and ordinary escapes', () => {
    expect(parseJson('{"a":"\\ud83d\\ude00 \\u00e9 \\\\u0000"}')).toEqual({ a: '😀 é \\u0000' })
  })
})

describe('parseForm', () => {
  it('gives strings, and lists for repeated names', () => {
    expect(parseForm('a=1&b=x+y&b=%C3%A9&c&d=&b=3')).toEqual({ a: '1', b: ['x y', 'é', '3'], c: '', d: '' })
    expect(parseForm('a=b=c&&name%20x=1')).toEqual({ a: 'b=c', 'name x': '1' })
    expect(parseForm('name=é')).toEqual({ name: 'é' })
    expect(parseForm('toString=1&toString=2')).toEqual({ toString: ['1', '2'] })
  })

  it.each([
    ['a[]=1', 'a[] must be repeated, not written with brackets'],
    ['a%5B0%5D=1', 'a[0] must be repeated, not written with brackets'],
    ['a=%', 'a must be valid percent-encoded UTF-8'],
    ['a=%zz', 'a must be valid percent-encoded UTF-8'],
    ['a=%ff', 'a must be valid percent-encoded UTF-8'],
    ['%E0%A4=1', 'body must be valid percent-encoded UTF-8'],
    ['a=%ed%a0%80', 'a must be valid percent-encoded UTF-8'],
    ['a=x%00', 'a must not contain a NUL character'],
    ['__proto__=1', '__proto__ is not allowed as a key'],
    ['constructor=1', 'constructor is not allowed as a key'],
  ])('refuses %s', (text, message) => {
    expect(() => parseForm(text)).toThrow(message)
  })

  it('bounds the number of parameters', () => {
    expect(parseForm('a=1&'.repeat(2_000)).a).toHaveLength(2_000)
    expect(() => parseForm('a=1&'.repeat(2_001))).toThrow('body must not have more than 2000 parameters')
  })
})

describe('parseQuery', () => {
  it('gives every name with its values in order', () => {
    expect(parseQuery('')).toEqual(new Map())
    expect(parseQuery('iamid=a&size=5&iamid=b&flag&x=%2B+%26')).toEqual(
      new Map([
        ['iamid', ['a', 'b']],
        ['size', ['5']],
        ['flag', ['']],
        ['x', ['+ &']],
      ]),
    )
    expect(parseQuery('__proto__=1').get('__proto__')).toEqual(['1'])
  })

  it.each([
    ['iamid[]=a', 'iamid[] must be repeated, not written with brackets'],
    ['q=%', 'q must be valid percent-encoded UTF-8'],
    ['q=%C3', 'q must be valid percent-encoded UTF-8'],
    ['q=%00', 'q must not contain a NUL character'],
    ['q=Ã©', 'query must be percent-encoded ASCII'],
    ['%00=1', 'query must not contain a NUL character'],
  ])('refuses %s', (text, message) => {
    expect(() => parseQuery(text)).toThrow(message)
  })

  it('takes 100 parameters and no more', () => {
    expect(parseQuery(Array.from({ length: 100 }, (_, at) => `a${at}=1`).join('&')).size).toBe(100)
    expect(() => parseQuery('a=1&'.repeat(101))).toThrow('query must not have more than 100 parameters')
  })

  it('keeps an endless name out of its message', () => {
    expect(() => parseQuery(`${'x'.repeat(5_000)}[]=1`)).toThrow(/^x{64}… must be repeated/)
  })
})

describe('parseBody', () => {
  const form = { 'content-type': 'application/x-www-form-urlencoded' }

  it.each(['{"username":"a","password":"b"}', ' {\n"a": "=&"}\n', '["a@x.org"]', '{}', '[]'])(
    'says that %j was sent as a form',
    json => {
      expect(() => parseBody(Buffer.from(json), form, 'json+form')).toThrow(
        'body looks like JSON but was sent as a form: add the header Content-Type: application/json',
      )
      expect(() => parseBody(Buffer.from(json), form, 'json')).toThrow(
        new UnsupportedMediaType(
          'The body looks like JSON but was sent as a form: add the header Content-Type: application/json',
        ),
      )
      expect(parseBody(Buffer.from(json), { 'content-type': 'application/json' }, 'json+form')).toEqual(JSON.parse(json))
    },
  )

  it.each([
    ['a={"b":1}', { a: '{"b":1}' }],
    ['{a=1', { '{a': '1' }],
    ['%7B%7D', { '{}': '' }],
  ])('takes %j for the form that it is', (text, value) => {
    expect(parseBody(Buffer.from(text), form, 'json+form')).toEqual(value)
  })

  it('names broken UTF-8 before it parses', () => {
    const bytes = Buffer.from([0x22, 0xc3, 0x28, 0x22])
    expect(() => parseBody(bytes, { 'content-type': 'application/json' }, 'json')).toThrow('body must be valid UTF-8')
    expect(() => parseBody(bytes, { 'content-type': 'application/x-www-form-urlencoded' }, 'json+form')).toThrow(
      'body must be valid UTF-8',
    )
    // An encoded surrogate (CESU-8) is not UTF-8 either.
    const cesu = Buffer.from([0x22, 0xed, 0xa0, 0x80, 0x22])
    expect(() => parseBody(cesu, { 'content-type': 'application/json' }, 'json')).toThrow('body must be valid UTF-8')
  })
})
