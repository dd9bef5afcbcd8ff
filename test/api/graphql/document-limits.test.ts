// At and beyond each bound. How long the work takes is in test/security/load/documents.test.ts.
import { parse } from 'graphql'
import { describe, expect, test } from 'vitest'
import { DOCUMENT_LIMITS, documentError, textError } from '../../../src/api/graphql/document-limits.ts'

const { characters, lines, variables, selections, comparisons } = DOCUMENT_LIMITS
const error = (text: string) => documentError(parse(text))
const many = (count: number, piece: (at: number) => string) => Array.from({ length: count }, (_, at) => piece(at)).join(' ')

test('the bounds', () => {
  expect(DOCUMENT_LIMITS).toEqual({ characters: 100_000, lines: 5_000, variables: 500, selections: 10_000, comparisons: 20_000 })
})

describe('the text', () => {
  test('has at most so many characters', () => {
    expect(textError('x'.repeat(characters))).toBeNull()
    expect(textError('x'.repeat(characters + 1))).toBe(
      'The document has more than 100000 characters. Send long values as variables.',
    )
  })
  test.each(['\n', '\r'])('has at most so many lines, ended by %j', end => {
    expect(textError(`x${end}`.repeat(lines - 1))).toBeNull()
    expect(textError(`x${end}`.repeat(lines))).toBe('The document has more than 5000 lines. Split the request.')
  })
})

describe('the document', () => {
  test('has at most so many variables, of all operations together', () => {
    const of = (count: number) => `query A(${many(count - 1, at => `$v${at}: Int`)}) { a } query B($v: Int) { a }`
    expect(error(of(variables))).toBeNull()
    expect(error(of(variables + 1))).toMatch(/^The document has more than 500 variables\./)
  })

  test('has at most so many selections, each fragment counted wherever it is spread', () => {
    const of = (fields: number) =>
      `{ ...F ...F ${many(fields, at => `a${at}`)} } fragment F on Query { ${many(2_000, at => `f${at}`)} }`
    // 2 spreads of 2,000 fields each, and the definition of the fragment itself.
    const rest = selections - 2 - 3 * 2_000
    expect(error(of(rest))).toBeNull()
    expect(error(of(rest + 1))).toMatch(/^The document asks for more than 10000 fields/)
  })

  test('has at most so many comparisons of the same field', () => {
    // n equal fields are n × (n - 1) / 2 pairs.
    const most = Math.floor((1 + Math.sqrt(1 + 8 * comparisons)) / 2)
    expect(error(`{ ${'a '.repeat(most)} }`)).toBeNull()
    expect(error(`{ ${'a '.repeat(most + 1)} }`)).toBe('The document asks for too many of the same fields. Ask for each once.')
  })

  test('with a fragment within itself is left to the rules of validation', () => {
    expect(error('{ ...F } fragment F on Query { a ...F }')).toBeNull()
  })
})
