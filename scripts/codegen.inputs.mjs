import { readFileSync } from 'node:fs'
import { buildASTSchema, Kind, parse } from 'graphql'

const KEPT = new Set([Kind.SCALAR_TYPE_DEFINITION, Kind.ENUM_TYPE_DEFINITION, Kind.INPUT_OBJECT_TYPE_DEFINITION])

/** For codegen.ts: a schema file without its output types. */
export default function inputs(path) {
  const definitions = parse(readFileSync(path, 'utf8')).definitions.filter(({ kind }) => KEPT.has(kind))
  return buildASTSchema({ kind: Kind.DOCUMENT, definitions })
}
