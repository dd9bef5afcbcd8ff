// The row type of every db.query<Row> of src, from TypeScript's checker, beside what the database describes (sent-rows.ts).
import { mkdirSync, writeFileSync } from 'node:fs'
import { relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import {
  type CallExpression,
  isCallExpression,
  isIdentifier,
  isPropertyAccessExpression,
  type Node,
  type SourceFile,
} from 'typescript/unstable/ast'
import {
  API,
  type Checker,
  type IntersectionType,
  SymbolFlags,
  type Type,
  TypeFlags,
  type TypeReference,
  type UnionType,
} from 'typescript/unstable/sync'
import type { RowProperty } from './row-faults.ts'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const STORE = 'src/platform/database/store.ts'

/** By line (`src/sync/runs.store.ts:12`); null where the type is a parameter or unknown. */
export type RowTypes = ReadonlyMap<string, readonly RowProperty[] | null>

export function rowTypes(): RowTypes {
  const folder = `${ROOT}node_modules/.cache/row-types`
  mkdirSync(folder, { recursive: true })
  writeFileSync(
    `${folder}/tsconfig.json`,
    JSON.stringify({ extends: `${ROOT}tsconfig.json`, include: [`${ROOT}src/**/*.ts`], exclude: [`${ROOT}src/ui`] }),
  )
  const api = new API({ cwd: ROOT })
  try {
    const [project] = api.updateSnapshot({ openProjects: [`${folder}/tsconfig.json`] }).getProjects()
    const { checker, program } = project!
    const found = new Map<string, readonly RowProperty[] | null>()
    for (const path of program.getSourceFileNames()) {
      const name = relative(ROOT, path)
      if (!name.startsWith('src/') || name.startsWith('src/generated/')) continue
      const file = program.getSourceFile(path)!
      for (const call of queriesOf(file)) {
        const row = rowOf(checker, call)
        if (row !== undefined) found.set(`${name}:${lineOf(file, call)}`, row)
      }
    }
    return found
  } finally {
    api.close()
  }
}

function queriesOf(file: SourceFile): CallExpression[] {
  if (!file.text.includes('query')) return []
  const calls: CallExpression[] = []
  const visit = (node: Node): void => {
    if (isCallExpression(node) && nameOf(node)?.text === 'query') calls.push(node)
    node.forEachChild(visit)
  }
  visit(file)
  return calls
}

function nameOf({ expression }: CallExpression) {
  if (isPropertyAccessExpression(expression) && isIdentifier(expression.name)) return expression.name
  return isIdentifier(expression) ? expression : undefined
}

const lineOf = (file: SourceFile, call: CallExpression): number => {
  const end = nameOf(call)!.end
  return file.text.slice(0, end).split('\n').length
}

/** Undefined where it is another function of that name. */
function rowOf(checker: Checker, call: CallExpression): readonly RowProperty[] | null | undefined {
  const signature = checker.getResolvedSignature(call)
  if (!signature?.declaration?.path.endsWith(STORE)) return undefined
  const promise = checker.getReturnTypeOfSignature(signature)!
  const [rows] = checker.getTypeArguments(promise as never)
  const [row] = checker.getTypeArguments(rows as never)
  if (!row || isOpen(row)) return null
  const properties = checker.getPropertiesOfType(row)
  const found = properties.map(property => {
    const type = checker.getTypeOfSymbol(property)!
    const parts = type.flags & TypeFlags.Union ? (type as UnionType).getTypes() : [type]
    return {
      name: property.name,
      kind: kindOf(
        checker,
        parts.filter(part => !(part.flags & (TypeFlags.Null | TypeFlags.Undefined))),
      ),
      optional: (property.flags & SymbolFlags.Optional) !== 0,
      nullable: parts.some(part => part.flags & (TypeFlags.Null | TypeFlags.Unknown)),
    }
  })
  return found.some(({ kind }) => kind === null) ? null : found
}

/** It is or has a type parameter, or is unknown: the rows of lists, whose columns are typed by their maps. */
const isOpen = (type: Type): boolean =>
  (type.flags & (TypeFlags.Unknown | TypeFlags.TypeParameter)) !== 0 ||
  ((type.flags & TypeFlags.Intersection) !== 0 && (type as IntersectionType).getTypes().some(isOpen))

const PRIMITIVES = [
  [TypeFlags.StringLike, 'string'],
  [TypeFlags.NumberLike, 'number'],
  [TypeFlags.BooleanLike, 'boolean'],
] as const

/** Null for a type parameter. */
function kindOf(checker: Checker, parts: readonly Type[]): string | null {
  if (parts.some(part => part.flags & (TypeFlags.TypeParameter | TypeFlags.Conditional | TypeFlags.IndexedAccess))) return null
  const primitives = parts.map(part => PRIMITIVES.find(([flags]) => part.flags & flags)?.[1])
  if (parts.length > 0 && !primitives.includes(undefined)) return [...new Set(primitives)].sort().join(' | ')
  const [part] = parts
  if (parts.length !== 1 || !part || part.flags & (TypeFlags.Unknown | TypeFlags.Any)) return 'json'
  if (checker.isArrayLikeType(part) && !checker.isTupleType(part)) {
    const [element] = checker.getTypeArguments(part as TypeReference)
    const kind = kindOf(checker, element ? [element] : [])
    return kind === null || kind === 'json' ? kind : `${kind}[]`
  }
  const name = part.getSymbol()?.name
  return name === 'Date' || name === 'Buffer' || name === 'Uint8Array' ? name : 'json'
}
