import { describe, expect, test } from 'vitest'
import { isSecret, secretIn, withSecret } from '../../src/ui/playground/credential.ts'

describe('secretIn', () => {
  test.each([
    ['', undefined],
    ['  \n', undefined],
    ['{}', undefined],
    ['{"x-other":"Bearer rt_1"}', undefined],
    ['{"Authorization":"Bearer rt_1"}', 'rt_1'],
    ['{"authorization":"bearer rk_1"}', 'rk_1'],
    ['{"Authorization":""}', ''],
    ['{"Authorization":"Basic eDp5"}', ''],
    ['{"Authorization":"Bearer rt_1 rt_2"}', ''],
    ['{"Authorization":5}', ''],
    ['{"Authorization":"Bearer rt_1"', undefined],
    ['[{"Authorization":"Bearer rt_1"}]', undefined],
    ['null', undefined],
  ])('%s', (text, secret) => {
    expect(secretIn(text)).toBe(secret)
  })
})

describe('withSecret', () => {
  test.each([
    ['', 'rt_1', { Authorization: 'Bearer rt_1' }],
    ['{"x-a":"b"}', 'rt_1', { Authorization: 'Bearer rt_1', 'x-a': 'b' }],
    ['{"AUTHORIZATION":"Bearer rt_0","x-a":"b"}', 'rt_1', { Authorization: 'Bearer rt_1', 'x-a': 'b' }],
    ['{"Authorization":"Bearer rt_0","x-a":"b"}', null, { 'x-a': 'b' }],
  ])('%s with %s', (text, secret, headers) => {
    expect(JSON.parse(withSecret(text, secret))).toEqual(headers)
  })

  test('without any header the text is empty', () => {
    expect(withSecret('{"Authorization":"Bearer rt_0"}', null)).toBe('')
    expect(withSecret('', null)).toBe('')
  })

  test.each(['{"x-a":', '[]', 'null', '"text"', 'Bearer rt_0'])('%s, being no JSON object, stays as it is', text => {
    expect(withSecret(text, 'rt_1')).toBe(text)
    expect(withSecret(text, null)).toBe(text)
  })
})

test('isSecret takes whole tokens and keys only', () => {
  const body = 'aB3-_'.repeat(7)
  expect([`rt_${body}`, `rk_${body}`].map(isSecret)).toEqual([true, true])
  expect(['', 'rt_', 'rt_short', `rs_${body}`, `rt_${body} `, `x${body}`, `rt_${body}\n`].map(isSecret)).toEqual(
    Array(7).fill(false),
  )
})
