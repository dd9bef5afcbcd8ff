import { buildASTSchema, Kind } from 'graphql'
import { decodedDocument } from './codegen.decoded.mjs'

const KEPT = new Set([Kind.SCALAR_TYPE_DEFINITION, Kind.ENUM_TYPE_DEFINITION, Kind.INPUT_OBJECT_TYPE_DEFINITION])

/** For codegen.ts: the inputs of codegen.decoded.mjs alone, without output types. */
export default function inputs(path) {
  const definitions = decodedDocument(path).definitions.filter(({ kind }) => KEPT.has(kind))
  return buildASTSchema({ kind: Kind.DOCUMENT, definitions }, { assumeValid: true })
}
