import { describe, expect, test } from 'vitest'
import { Invalid } from '../../src/platform/errors.ts'
import * as names from '../../src/platform/validation.ts'

const { canonical } = names

/** Every code point of the BMP, and every 7th beyond it (a prime, so that no block is only met at its start). */
function* codePoints(): Generator<string> {
  for (let code = 0; code <= 0x10ffff; code += code < 0x10000 ? 1 : 7)
    if (code < 0xd800 || code > 0xdfff) yield String.fromCodePoint(code)
}

/** A fixed sequence of numbers below `bound`, so that a failure can be repeated. */
function dice(seed: number): (bound: number) => number {
  let state = seed
  return bound => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * bound)
  }
}

/** The rule a call breaks, or null. */
function rule(call: () => unknown): string | null {
  try {
    call()
    return null
  } catch (error) {
    expect(error).toBeInstanceOf(Invalid)
    return (error as Invalid).message
  }
}

describe('canonical', () => {
  test('canonicalising twice changes nothing more: all of the BMP, a sample of the rest, alone and between letters', () => {
    const unstable: string[] = []
    for (const character of codePoints())
      for (const text of [character, `a${character}`, `${character}\u0307\u0345`, `Σ${character}Σ`])
        if (canonical(canonical(text)) !== canonical(text)) unstable.push(text)
    expect(unstable).toEqual([])
  })

  test('random sequences of awkward characters are stable, and their case and normal forms are one name', () => {
    const awkward = [...'aAİıIß\u1e9eſςσΣﬁŉǰΐᾳᾼåÅKΩꭰᎠǅ\u0307\u0345\u0301\u0323\u0328ＢｏｂDž가각\u1100\u1161']
    const roll = dice(1)
    const broken: string[] = []
    for (let round = 0; round < 20_000; round++) {
      const text = Array.from({ length: 1 + roll(6) }, () => awkward[roll(awkward.length)]).join('')
      const form = canonical(text)
      const others = [form, text.normalize('NFD'), text.normalize('NFC'), text.normalize('NFKD')]
      if (others.some(other => canonical(other) !== form)) broken.push(text)
    }
    expect(broken).toEqual([])
  })

  test.each([
    ['ß', 'ss'],
    ['\u1e9e', 'ss'],
    ['ſ', 's'],
    ['ς', 'σ'],
    ['Σ', 'σ'],
    ['ΟΔΟΣ', 'οδοσ'],
    ['İ', 'i\u0307'],
    ['ı', 'i'],
    ['ﬁ', 'fi'],
    ['Ｂｏｂ', 'bob'],
    ['Å', 'å'],
    ['A\u030a', 'å'],
    ['\u212b', 'å'],
    ['\u212a', 'k'],
    ['Ꭰ', 'ꭰ'],
    ['ꭰ', 'ꭰ'],
    ['ǅ', 'dž'],
    ['x²', 'x2'],
  ])('%s becomes %s', (text, form) => {
    expect(canonical(text)).toBe(form)
  })

  test('the form of a part does not depend on where it stands, so that partial matches find it', () => {
    expect(canonical('ΟΔΟΣΑ')).toContain(canonical('ΟΔΟΣ'))
  })

  test('different names stay different', () => {
    expect(canonical('bob')).not.toBe(canonical('b0b'))
    expect(canonical('resume')).not.toBe(canonical('résumé'))
  })

  test('lookupKey answers null for what no name can be, without looking at long text', () => {
    expect(names.lookupKey('Bob')).toBe('bob')
    expect(names.lookupKey('a\0b')).toBeNull()
    expect(names.lookupKey('\ud800')).toBeNull()
    expect(names.lookupKey(`a${'\u0315\u0300'.repeat(500_000)}`)).toBeNull()
    expect(names.lookupKey('😀'.repeat(254))).toBe('😀'.repeat(254))
  })
})

describe('checkName', () => {
  const broken = (value: unknown) => rule(() => names.checkName('name', value))

  test.each([
    'a',
    'Bob Smith',
    'b@example.com',
    '❤️',
    '葛\u{e0100}',
    '0',
    '-',
    'O’Neil',
    'a'.repeat(254),
    '😀'.repeat(254),
    'ß'.repeat(254),
  ])('takes %j as sent', value => {
    expect(names.checkName('name', value)).toBe(value)
  })

  test.each([
    [undefined, 'string'],
    [7, 'string'],
    [['a'], 'string'],
    [{}, 'string'],
    ['', '1 to 254'],
    ['a'.repeat(255), '1 to 254'],
    ['😀'.repeat(255), '1 to 254'],
    ['a\0', 'control'],
    ['a\nb', 'control'],
    ['a\u0085b', 'control'],
    ['a\u2028b', 'control'],
    ['\ud83d', 'surrogates'],
    ['\ude00\ud83d', 'surrogates'],
    [' a', 'white space'],
    ['a\u00a0', 'white space'],
    ['\u3000a', 'white space'],
    ['a\u200bb', 'invisible'],
    ['a\u200d', 'invisible'],
    ['a\u202eb', 'invisible'],
    ['\ufeffa', 'invisible'],
    ['a\u00adb', 'invisible'],
    ['a\u3164', 'invisible'],
    ['a\u{e0041}', 'invisible'],
    ['\ufdfa'.repeat(254), 'normalised'],
  ])('refuses %j', (value, reason) => {
    expect(broken(value)).toContain(reason)
  })

  test('refuses every control, format, line separator and outer white-space character there is, and repeats none', () => {
    for (const character of codePoints()) {
      const unfit = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u.test(character) || /\p{White_Space}/u.test(character)
      const message = rule(() => names.checkName('name', `${character}secret`))
      if (unfit) expect(message, character.codePointAt(0)?.toString(16)).not.toBeNull()
      if (message !== null) expect(message).not.toContain('secret')
    }
  })

  test('says the field', () => {
    expect(() => names.checkName('displayName', '')).toThrow(expect.objectContaining({ field: 'displayName' }))
  })
})

describe('the kinds of names', () => {
  test('a userid is not a dot or two, in any spelling', () => {
    for (const value of ['.', '..', '\u2024', '\u2025', '．', '．．'])
      expect(rule(() => names.checkUserid(value, { newBim: false }))).toContain('"." or ".."')
    for (const value of ['...', 'a.', '1234', '__proto__']) expect(names.checkUserid(value, { newBim: true })).toBe(value)
  })

  test('a new bim userid does not mix scripts, one from elsewhere may', () => {
    for (const value of ['раypal', 'αlpha', 'µbob', '𝛂b', 'aя']) {
      expect(rule(() => names.checkUserid(value, { newBim: true }))).toContain('mix')
      expect(names.checkUserid(value, { newBim: false })).toBe(value)
    }
    for (const value of ['Иван-7', 'Σωκράτης', 'José', '山田bob', 'Ｂｏｂ'])
      expect(names.checkUserid(value, { newBim: true })).toBe(value)
  })

  test('a new bim userid holds no variation selector', () => {
    expect(rule(() => names.checkUserid('bob\ufe0f', { newBim: true }))).toContain('variation')
  })

  test('attribute keys are names, but not the two that mean something in JavaScript', () => {
    for (const key of ['__proto__', 'constructor', 'Constructor', '__PROTO__', '__ｐroto__'])
      expect(rule(() => names.checkAttributeKey(key))).toContain('reserved')
    for (const key of ['urn:a.b.c', 'toString', 'prototype', 'Country']) expect(names.checkAttributeKey(key)).toBe(key)
  })

  test('attribute values are 1 to 1,024 characters', () => {
    expect(names.checkAttributeValue('😀'.repeat(1024))).toHaveLength(2048)
    expect(rule(() => names.checkAttributeValue('x'.repeat(1025)))).toContain('1 to 1024')
    expect(rule(() => names.checkAttributeValue(''))).toContain('1 to 1024')
    expect(rule(() => names.checkAttributeValue(' x'))).toContain('white space')
  })

  test('group and key names follow the rules of names', () => {
    expect(names.checkGroupName('Team A')).toBe('Team A')
    expect(names.checkKeyName('ci')).toBe('ci')
    expect(rule(() => names.checkGroupName('a\tb'))).toContain('control')
    expect(rule(() => names.checkKeyName('x'.repeat(255)))).toContain('1 to 254')
  })

  test('permission names', () => {
    for (const name of ['AB', 'USER_ADMIN', 'A1', 'A'.repeat(64)]) expect(names.checkPermissionName(name)).toBe(name)
    for (const name of ['A', 'a', 'user_admin', '1A', 'A-B', 'A'.repeat(65), 'AB\n', 5])
      expect(rule(() => names.checkPermissionName(name))).not.toBeNull()
  })

  test('iamids are case-sensitive words', () => {
    for (const id of ['bim', 'Okta-1', 'a_b', 'a'.repeat(64)]) expect(names.checkIamid(id)).toBe(id)
    for (const id of ['', '1a', 'a b', 'a/b', 'ä', 'a'.repeat(65), 'bim\n', null])
      expect(rule(() => names.checkIamid(id))).not.toBeNull()
  })

  test('ids', () => {
    for (const id of [1, 2_147_483_647]) expect(names.checkId('id', id)).toBe(id)
    for (const id of [0, -1, 1.5, 2_147_483_648, 2 ** 53, Number.NaN, Number.POSITIVE_INFINITY, '1', null, 1n, [1]])
      expect(rule(() => names.checkId('id', id))).toContain('1 to 2147483647')
  })

  test('free text may have lines, and may be empty', () => {
    expect(names.checkText('about', 'one\n\ttwo\r\nthree 👨‍👩‍👧')).toContain('three')
    expect(names.checkText('about', '')).toBe('')
    for (const text of ['a\0', '\x1b[31m', 'a\rb', '\x7f'])
      expect(rule(() => names.checkText('about', text))).toContain('control')
    expect(rule(() => names.checkText('about', '\udc00'))).toContain('surrogates')
    expect(rule(() => names.checkText('about', 'x'.repeat(10_001)))).toContain('10000')
    expect(rule(() => names.checkText('phone', 'xxx', 2))).toContain('at most 2')
  })

  test('lists hold at most 1,000 entries', () => {
    expect(names.checkList('ids', Array(1000).fill(1))).toHaveLength(1000)
    expect(rule(() => names.checkList('ids', Array(1001).fill(1)))).toContain('1000')
    expect(rule(() => names.checkList('ids', [1, 2, 3], 2))).toContain('at most 2')
    expect(rule(() => names.checkList('ids', 'abc' as never))).toContain('list')
  })
})

describe('checkEmail', () => {
  test.each([
    'bob@example.com',
    'a.b+c@sub.example.co',
    "o'brien@example.ie",
    'roster@localhost',
    'x_y@1-2.example',
    'jörg@bücher.example',
    '用户@例え.jp',
    `${'a'.repeat(64)}@example.com`,
  ])('takes %s', email => {
    expect(names.checkEmail('email', email)).toBe(email)
  })

  test.each([
    '',
    'bob',
    'bob@',
    '@example.com',
    'a@b@c',
    'a b@example.com',
    'a..b@example.com',
    '.a@example.com',
    'a.@example.com',
    'a@example..com',
    'a@-x.com',
    'a@x-.com',
    'a@.com',
    'a@x.com.',
    'Bob <bob@example.com>',
    '"a b"@example.com',
    'a@[127.0.0.1]',
    'a@x.com,b@x.com',
    'a@x.com;b@x.com',
    'a@x.com\r\nBcc: b@x.com',
    'a\0@x.com',
    ' a@x.com',
    'a＠x.com',
    'a@ex\u200bample.com',
    'a@\ufdfa.com',
    'a@under_score.com',
    `${'a'.repeat(65)}@example.com`,
    `a@${'b'.repeat(64)}.com`,
    `a@${'b.'.repeat(130)}com`,
  ])('refuses %j', email => {
    expect(rule(() => names.checkEmail('email', email))).toMatch(/^email /)
  })
})

test.each([
  [{}, true],
  [Object.create(null), true],
  [[], false],
  [null, false],
  ['{}', false],
])('isObject(%j) is %s', (value, expected) => {
  expect(names.isObject(value)).toBe(expected)
})
