import { type FragmentDefinitionNode, type GraphQLResolveInfo, isObjectType, Kind, parse } from 'graphql'
import { describe, expect, test } from 'vitest'
import { createSchema } from '../../../src/api/graphql/schema.ts'
import { columnsIn, fieldsIn, MEMBERSHIP_COLUMNS_OF } from '../../../src/api/graphql/selected.ts'
import { MEMBERSHIP_COLUMNS } from '../../../src/domain/groups/group.ts'

const fieldsOf = (text: string, through: readonly string[]) => {
  const { definitions } = parse(text)
  const fragments = Object.fromEntries(
    definitions
      .filter((node): node is FragmentDefinitionNode => node.kind === Kind.FRAGMENT_DEFINITION)
      .map(node => [node.name.value, node]),
  )
  const [operation] = definitions
  if (operation?.kind !== Kind.OPERATION_DEFINITION) throw new Error('The operation comes first')
  return [...fieldsIn(operation.selectionSet, fragments, new Set(through))].map(({ name }) => name.value)
}

test.each<[text: string, through: string[], found: string[]]>([
  ['{ a b { c } }', [], ['a', 'b']],
  ['{ nodes { a } edges { node { b { c } } } totalCount }', ['nodes', 'edges', 'node'], ['a', 'b', 'totalCount']],
  ['{ ... on T { a ... { b } } }', [], ['a', 'b']],
  ['{ ...F } fragment F on T { a ...G } fragment G on T { nodes { b } }', ['nodes'], ['a', 'b']],
  ['{ ...Missing a }', [], ['a']],
])('%s', (text, through, found) => {
  expect(fieldsOf(text, through)).toEqual(found)
})

describe('the columns of members', () => {
  const columnsOf = (members: string) => {
    const [operation] = parse(`{ members ${members} }`).definitions
    if (operation?.kind !== Kind.OPERATION_DEFINITION) throw new Error('One operation')
    const info = { fieldNodes: operation.selectionSet.selections, fragments: {}, operation } as unknown as GraphQLResolveInfo
    return columnsIn(info, MEMBERSHIP_COLUMNS_OF)
  }

  test('are known for each field of the type', () => {
    const type = createSchema().getType('Membership')
    expect(Object.keys(MEMBERSHIP_COLUMNS_OF).sort()).toEqual(isObjectType(type) && Object.keys(type.getFields()).sort())
    expect(Object.keys(MEMBERSHIP_COLUMNS)).toEqual(expect.arrayContaining(Object.values(MEMBERSHIP_COLUMNS_OF)))
  })

  test.each([
    ['{ nodes { id name } }', ['id', 'name']],
    ['{ edges { cursor node { user { id } since createdAt } } pageInfo { hasNextPage } }', ['createdAt', 'userId']],
    ['{ totalCount }', []],
    ['{ nodes { name other } }', undefined],
  ])('%s', (members, columns) => {
    expect(columnsOf(members)).toEqual(columns)
  })
})
