import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { collectNames, createEraser, type PersonNames, pseudonymOf } from '../../../src/domain/users/erasure.text.ts'
import { foldCase } from '../../../src/platform/case-folding.ts'

const ANN: PersonNames = {
  iamids: ['bim'],
  userids: ['ann.lee'],
  names: ['Ann Lee', 'Ann'],
  unique: ['ann@example.com'],
  shared: new Set(['ann']),
}
const eraser = createEraser(7, ANN, ['bim', 'corp'])

test('the pseudonym is made of the id', () => {
  expect(pseudonymOf(7)).toBe('erased-7')
  expect(eraser.pseudonym).toBe('erased-7')
})

describe('text', () => {
  test.each([
    ['bim/ann.lee', 'bim/erased-7'],
    ['BIM/ann.lee', 'BIM/erased-7'],
    ['Ann.Lee, and others', 'erased-7, and others'],
    ['uid=ann.lee,dc=x', 'uid=erased-7,dc=x'],
    ['mail ANN@example.com.', 'mail erased-7.'],
    ['by Ann Lee', 'by erased-7'],
    ['filter=userName eq "ann.lee"', 'filter=userName eq "erased-7"'],
    // Others.
    ['ann.lee2', 'ann.lee2'],
    ['ann.lee@example.com', 'ann.lee@example.com'],
    ['joann.lee', 'joann.lee'],
    ['x.ann.lee', 'x.ann.lee'],
    ['corp/ann.lee', 'corp/ann.lee'],
    ['Ann Leeson', 'Ann Leeson'],
    ['Ann is the name of many', 'Ann is the name of many'],
  ])('%s', (text, erased) => {
    expect(eraser.text(text, 'other')).toBe(erased)
  })

  test('what others have too is replaced where the row is about the person', () => {
    expect(eraser.text('Ann was here', 'own')).toBe('erased-7 was here')
    expect(eraser.text(null, 'own')).toBeNull()
  })

  test('a short name is a part of anything', () => {
    const short = createEraser(1, { ...ANN, userids: ['al'], names: ['Al'], unique: [] }, ['bim'])
    expect(short.text('al or bim/al', 'other')).toBe('al or bim/erased-1')
    expect(short.text('al or bim/al', 'own')).toBe('erased-1 or bim/erased-1')
  })

  test('without a name everything stays', () => {
    const nobody = createEraser(1, { iamids: ['bim'], userids: [], names: [], unique: [], shared: new Set() }, [])
    expect([nobody.text('anything', 'own'), nobody.patterns]).toEqual(['anything', []])
  })
})

describe('json', () => {
  test('values and keys, in depth; numbers stay', () => {
    const value = { added: ['bim/ann.lee', 'bim/bob'], 'ann.lee': { n: 1, on: true, none: null, text: 'Ann Lee' } }
    expect(eraser.json(value, 'other')).toEqual({
      added: ['bim/erased-7', 'bim/bob'],
      'erased-7': { n: 1, on: true, none: null, text: 'erased-7' },
    })
  })

  test('of an event about the person only what says nothing about who it is stays', () => {
    const after = {
      name: 'Ann',
      phone: '123',
      permissions: ['AUDIT'],
      source: 'bim',
      n: 3,
      deep: { about: 'x', lastUsed: '2026' },
    }
    expect(eraser.strip(after)).toEqual({
      name: 'erased-7',
      phone: 'erased-7',
      permissions: ['AUDIT'],
      source: 'bim',
      n: 3,
      deep: { about: 'erased-7', lastUsed: '2026' },
    })
    expect(eraser.strip(null)).toBeNull()
  })
})

test('the names of events are collected', () => {
  const found = { iamids: new Set<string>(), userids: new Set<string>(), names: new Set<string>(), unique: new Set<string>() }
  collectNames({ iamid: 'corp', userid: 'a', name: 'A', email: 'a@b', phone: '1', other: { name: 'B' }, n: 1 }, found)
  collectNames(['x'], found)
  collectNames(null, found)
  expect(found).toEqual({ iamids: new Set(['corp']), userids: new Set(['a']), names: new Set(['A']), unique: new Set(['a@b']) })
})

/** Letters, marks and what has a meaning in expressions, JSON or LIKE. */
const odd = fc.string({ unit: fc.constantFrom(...'aZßéǄİ中9 .-_@+%\\"\'$^*()[]{}|/?'), minLength: 4, maxLength: 12 })
const edge = fc.constantFrom('', ' ', ', ', '"', '(', '/', ': ', '\n')

test('property: a name between edges is gone, after erasing again nothing changes, and a pattern finds what is erased', () => {
  fc.assert(
    fc.property(odd, edge, edge, (name, before, after) => {
      const userid = `q${name}q`
      const one = createEraser(9, { iamids: ['bim'], userids: [userid], names: [], unique: [], shared: new Set() }, ['bim'])
      const text = `x${before === '' ? ' ' : before}${userid}${after === '' ? ' ' : after}y`
      const erased = one.text(text, 'own')!
      expect(erased).not.toContain(userid)
      expect(one.text(erased, 'own')).toBe(erased)
      const parts = one.patterns.map(pattern => pattern.slice(1, -1).replace(/\\([\\%_])/g, '$1'))
      expect(parts.some(part => foldCase(text).includes(part))).toBe(true)
      const json = JSON.stringify({ text })
      expect(parts.some(part => foldCase(json).includes(part))).toBe(true)
    }),
    { numRuns: 500 },
  )
})
