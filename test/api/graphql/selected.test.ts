import { type FragmentDefinitionNode, Kind, parse } from 'graphql'
import { expect, test } from 'vitest'
import { fieldsIn } from '../../../src/api/graphql/selected.ts'

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
