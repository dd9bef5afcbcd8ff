/** Checked in linear time, before validation with quadratic rules. */
import { type ASTNode, type DocumentNode, type FieldNode, Kind, type SelectionNode, type SelectionSetNode } from 'graphql'

export const DOCUMENT_LIMITS = {
  characters: 100_000,
  lines: 5_000,
  variables: 500,
  selections: 10_000,
  comparisons: 20_000,
}

export function textError(text: string): string | null {
  if (text.length > DOCUMENT_LIMITS.characters)
    return `The document has more than ${DOCUMENT_LIMITS.characters} characters. Send long values as variables.`
  let lines = 1
  for (let at = text.search(/[\n\r]/); at !== -1 && at < text.length; at++) {
    const code = text.charCodeAt(at)
    if ((code === 0x0a || code === 0x0d) && ++lines > DOCUMENT_LIMITS.lines)
      return `The document has more than ${DOCUMENT_LIMITS.lines} lines. Split the request.`
  }
  return null
}

export function documentError(document: DocumentNode): string | null {
  let variables = 0
  for (const node of document.definitions) if ('variableDefinitions' in node) variables += node.variableDefinitions?.length ?? 0
  if (variables > DOCUMENT_LIMITS.variables)
    return `The document has more than ${DOCUMENT_LIMITS.variables} variables. Send lists and input objects as one variable each.`
  const fragments = new Map<string, SelectionSetNode>()
  for (const node of document.definitions)
    if (node.kind === Kind.FRAGMENT_DEFINITION) fragments.set(node.name.value, node.selectionSet)
  const sizes = selectionCounter(fragments)
  let selections = 0
  for (const node of document.definitions) if ('selectionSet' in node && node.selectionSet) selections += sizes(node.selectionSet)
  if (selections > DOCUMENT_LIMITS.selections)
    return `The document asks for more than ${DOCUMENT_LIMITS.selections} fields, with each fragment counted wherever it is spread. Split the request.`
  let comparisons = 0
  for (const node of document.definitions)
    if ('selectionSet' in node && node.selectionSet) comparisons += comparisonsOf([node.selectionSet], fragments)
  if (comparisons > DOCUMENT_LIMITS.comparisons) return 'The document asks for too many of the same fields. Ask for each once.'
  return null
}

function selectionCounter(fragments: ReadonlyMap<string, SelectionSetNode>): (set: SelectionSetNode) => number {
  const known = new Map<string, number>()
  const size = (set: SelectionSetNode): number => {
    let total = 0
    for (const selection of set.selections) total += 1 + inner(selection)
    return Math.min(total, DOCUMENT_LIMITS.selections + 1)
  }
  const inner = (selection: SelectionNode): number => {
    if (selection.kind !== Kind.FRAGMENT_SPREAD) return selection.selectionSet ? size(selection.selectionSet) : 0
    const name = selection.name.value
    const found = known.get(name)
    if (found !== undefined) return found
    known.set(name, 0)
    const fragment = fragments.get(name)
    const total = fragment ? size(fragment) : 0
    known.set(name, total)
    return total
  }
  return size
}

interface FieldGroup {
  count: number
  weight: number
  readonly sets: SelectionSetNode[]
}

/** Counts the pairs that OverlappingFieldsCanBeMerged compares. */
function comparisonsOf(sets: readonly SelectionSetNode[], fragments: ReadonlyMap<string, SelectionSetNode>): number {
  const fields = new Map<string, FieldGroup>()
  const inside = new Set<string>()
  let spreads = 0
  const take = (set: SelectionSetNode): void => {
    for (const selection of set.selections) {
      if (selection.kind === Kind.FIELD) add(fields, selection)
      else if (selection.kind === Kind.INLINE_FRAGMENT) take(selection.selectionSet)
      else {
        spreads++
        const name = selection.name.value
        const fragment = fragments.get(name)
        if (!fragment || inside.has(name)) continue
        inside.add(name)
        take(fragment)
        inside.delete(name)
      }
    }
  }
  for (const set of sets) take(set)
  let total = (spreads * (spreads - 1)) / 2
  for (const { count, weight, sets } of fields.values()) {
    total += ((count - 1) * weight) / 2
    if (total > DOCUMENT_LIMITS.comparisons) return total
    if (sets.length > 0) total += comparisonsOf(sets, fragments)
  }
  return total
}

function add(fields: Map<string, FieldGroup>, field: FieldNode): void {
  const name = field.alias?.value ?? field.name.value
  const same = fields.get(name) ?? { count: 0, weight: 0, sets: [] }
  fields.set(name, same)
  same.count++
  same.weight += 1 + (field.arguments ?? []).reduce((sum, node) => sum + lengthOf(node) / 16, 0)
  if (field.selectionSet) same.sets.push(field.selectionSet)
}

const lengthOf = ({ loc }: ASTNode): number => (loc ? loc.end - loc.start : 0)
