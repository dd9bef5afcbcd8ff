import { readFileSync } from 'node:fs'
import { buildASTSchema, Kind, parse, parseType, visit } from 'graphql'
import { hasIntegerKey } from '../src/api/graphql/node.ids.ts'
import { references } from '../src/api/graphql/references.ts'

/** For codegen.ts: the schema, its inputs as services receive them (src/api/graphql/decode.ts). */
export default function decoded(path) {
  return buildASTSchema(decodedDocument(path), { assumeValid: true })
}

export const decodedDocument = path =>
  visit(parse(readFileSync(path, 'utf8')), {
    InputObjectTypeDefinition({ name: { value: name } }) {
      const reference = references[name]
      if (!reference) return undefined
      return isScalar(reference) ? null : parse(reference.decoded).definitions[0]
    },
    InputValueDefinition(node) {
      const of = node.directives?.find(({ name }) => name.value === 'idOf')?.arguments?.[0]?.value.value
      return of === undefined ? undefined : { ...node, type: named(node.type, hasIntegerKey(of) ? 'Int' : 'String') }
    },
    // Services check their input themselves.
    Directive: ({ name }) => (name.value === 'oneOf' ? null : undefined),
    NamedType(node) {
      const reference = references[node.name.value]
      return reference && isScalar(reference) ? parseType(reference.decoded) : undefined
    },
  })

const isScalar = ({ decoded: form }) => !form.startsWith('input ')

const named = (type, name) => (type.kind === Kind.NAMED_TYPE ? parseType(name) : { ...type, type: named(type.type, name) })
