import { buildSchema, parse, validate } from 'graphql'
import { expect, test } from 'vitest'
import * as documents from '../../src/cli/documents.ts'
import { readPage } from '../docs/shell.ts'

const schema = buildSchema(readPage('schema.graphql'))

test.each(Object.entries(documents))('%s is valid for the schema', (_, text) => {
  expect(validate(schema, parse(text)).map(({ message }) => message)).toEqual([])
})
