import { describe, expect, test } from 'vitest'
import { parseValuePath } from '../../../src/scim/protocol/filter.parser.ts'
import { impliedBy, matches } from '../../../src/scim/protocol/filter.ts'
import { userType } from '../../../src/scim/protocol/schema.ts'

const filter = (text: string) => parseValuePath(`emails[${text}]`)!.filter!
const attribute = (name: string) => userType({}).core.attributes.find(one => one.name === name)!
const emails = attribute('emails')
const work = { type: 'Work', value: 'ines@x.example', primary: true, rank: 5 }

describe('a value', () => {
  test.each([
    ['type eq "work"', true],
    ['TYPE eq "WORK"', true],
    ['type eq "home"', false],
    ['type ne "home"', true],
    ['type ne "work"', false],
    ['value co "@X"', true],
    ['value sw "INES"', true],
    ['value sw "x"', false],
    ['value ew ".example"', true],
    ['value ew "ines"', false],
    ['rank gt 4', true],
    ['rank gt 5', false],
    ['rank ge 5', true],
    ['rank lt 5', false],
    ['rank le 5', true],
    ['rank eq "5"', false],
    ['type gt "v"', true],
    ['primary eq true', true],
    ['primary eq "True"', true],
    ['display pr', false],
    ['value pr', true],
    ['display eq null', true],
    ['value eq null', false],
    ['display ne null', false],
    ['display co "x"', false],
    ['type eq "work" and primary eq true', true],
    ['type eq "work" and primary eq false', false],
    ['type eq "home" or primary eq true', true],
    ['not (type eq "home")', true],
  ])('satisfies %s: %s', (text, does) => {
    expect(matches(filter(text), work, emails)).toBe(does)
  })

  test('that does not say whether it is primary is not', () => {
    expect([
      matches(filter('primary eq false'), { value: 'x' }, emails),
      matches(filter('primary eq true'), { value: 'x' }, emails),
    ]).toEqual([true, false])
    expect(matches(filter('primary eq null'), { value: 'x' }, emails)).toBe(true)
  })

  test('of which case means something is compared exactly', () => {
    const photo = { value: 'https://x.example/A.png', type: 'Photo' }
    expect(matches(filter('value eq "https://x.example/a.png"'), photo, attribute('photos'))).toBe(false)
    expect(matches(filter('value ew "A.png" and type eq "photo"'), photo, attribute('photos'))).toBe(true)
  })

  test('that is plain is its own value', () => {
    expect([
      matches(filter('value eq "X"'), 'x', emails),
      matches(filter('type eq "x"'), 'x', emails),
      matches(filter('value pr'), '', emails),
    ]).toEqual([true, false, false])
  })
})

test.each([
  ['type eq "work"', { type: 'work' }],
  ['type eq "work" and primary eq true', { type: 'work', primary: true }],
  ['type eq null', null],
  ['type ne "work"', null],
  ['type eq "a" or type eq "b"', null],
  ['type eq "work" and value pr', null],
])('%s implies %j', (text, implied) => {
  expect(impliedBy(filter(text))).toEqual(implied)
})
