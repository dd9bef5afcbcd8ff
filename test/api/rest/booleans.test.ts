// bim-wire-rules "Requests" 5: booleans are read without case, in every query, path and form of every row.
import type { TSchema } from 'typebox'
import { expect, test } from 'vitest'
import { readParams, SCHEMAS } from '../../../src/api/rest/params.ts'
import { type Fields, readBody, readQuery } from '../../../src/api/rest/request.schemas.ts'
import { routes } from '../../../src/api/rest/routes.ts'
import { unwrapped } from '../../../src/api/rest/schema-messages.ts'

const booleansOf = (fields: Fields | undefined) =>
  Object.entries((fields?.schema.properties ?? {}) as Record<string, TSchema>)
    .filter(([, schema]) => unwrapped(schema).type === 'boolean')
    .map(([name]) => name)
const spelled = (fields: Fields, name: string) => [
  name,
  ...Object.keys(fields.spellings).filter(other => fields.spellings[other] === name),
]

const inQueries = routes.flatMap(row => booleansOf(row.query).map(name => [row.path, name, row.query!] as const))
const inForms = routes.flatMap(row => booleansOf(row.payload).map(name => [row.path, name, row.payload!] as const))
const inPaths = Object.entries(SCHEMAS).filter(([, schema]) => 'type' in schema && schema.type === 'boolean')

test('there are some of each', () => {
  expect(inQueries.map(([, name]) => name)).toEqual(
    expect.arrayContaining(['includeDisabled', 'includeEnabled', 'excludeBIM', 'excludeDeletedIams', 'nameOnly']),
  )
  expect(inForms.length).toBeGreaterThan(5)
  expect(inPaths.map(([name]) => name)).toEqual(['disable'])
})

const READ = { true: true, True: true, TRUE: true, tRuE: true, false: false, False: false, FALSE: false }
const REFUSED = ['x', '1', 'yes', '', 'true ', 'truetrue', 'ｔｒｕｅ', 'ſalse']

test.each(inQueries)('the query of %s: %s', (_path, name, fields) => {
  for (const spelling of spelled(fields, name)) {
    for (const [text, value] of Object.entries(READ)) expect(readQuery(fields, `${spelling}=${text}`)).toEqual({ [name]: value })
    for (const text of REFUSED)
      expect(() => readQuery(fields, `${spelling}=${encodeURIComponent(text)}`), text).toThrow(`${name} must be true or false`)
  }
})

test.each(inForms)('the form of %s: %s', (_path, name, fields) => {
  for (const [text, value] of Object.entries(READ))
    expect(readBody(fields, { [name]: text }, true)).toMatchObject({ [name]: value })
  for (const text of REFUSED)
    expect(() => readBody(fields, { [name]: text }, true), text).toThrow(`${name} must be true or false`)
  // JSON has booleans of its own.
  for (const text of Object.keys(READ))
    expect(() => readBody(fields, { [name]: text }, false)).toThrow(`${name} must be true or false`)
})

test.each(inPaths)('the path: %s', name => {
  for (const [text, value] of Object.entries(READ)) expect(readParams({ [name]: text })).toEqual({ [name]: value })
  for (const text of REFUSED.filter(text => text !== ''))
    expect(() => readParams({ [name]: text }), text).toThrow(`${name} must be true or false`)
})
