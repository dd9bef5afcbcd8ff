import { Invalid } from '../../platform/errors.ts'
import { FORBIDDEN_KEYS, named } from '../../platform/http/text.ts'
import { isObject } from '../../platform/validation.ts'
import { resolve, type Target, wholeExtension } from './attribute-paths.ts'
import { ScimError } from './errors.ts'
import { parseValuePath } from './filter.parser.ts'
import { isLogical, type ValueFilter } from './filter.ts'
import { hasSchema, memberOf } from './resource.ts'
import { partOf, type ResourceType } from './schema.ts'
import type { Attribute } from './schema.types.ts'

const PATCH_OP = 'urn:ietf:params:scim:api:messages:2.0:PatchOp'
const MAX_OPERATIONS = 1000

export interface PatchOperation {
  readonly op: 'add' | 'replace' | 'remove'
  readonly target: Target
  readonly filter: ValueFilter | null
  readonly value: unknown
  readonly path: string
}

/** Splits operations without path by attribute; skips read-only names. Throws ScimError. */
export function parsePatch(type: ResourceType, body: unknown): PatchOperation[] {
  if (!isObject(body)) throw new ScimError('invalidSyntax', 'body', 'must be a JSON object')
  if (!hasSchema(body, PATCH_OP)) throw new ScimError('invalidSyntax', 'schemas', `must be a list with ${PATCH_OP}`)
  const operations = memberOf(body, 'Operations')
  if (!Array.isArray(operations) || operations.length === 0)
    throw new ScimError('invalidSyntax', 'Operations', 'must be a list of at least one operation')
  if (operations.length > MAX_OPERATIONS) throw new Invalid('Operations', `must have at most ${MAX_OPERATIONS} entries`)
  return operations.flatMap(operation => stepsOf(type, operation))
}

function stepsOf(type: ResourceType, operation: unknown): PatchOperation[] {
  if (!isObject(operation)) throw new ScimError('invalidSyntax', 'Operations', 'must be objects')
  const unknown = Object.keys(operation).find(key => !['op', 'path', 'value'].includes(key.toLowerCase()))
  if (unknown !== undefined && unknown !== 'name')
    throw new ScimError('invalidSyntax', named(unknown), 'is not part of an operation')
  const [op, path, value] = [opOf(memberOf(operation, 'op')), memberOf(operation, 'path'), memberOf(operation, 'value')]
  if (op !== 'remove' && value === undefined) throw new ScimError('invalidValue', 'value', `is required for ${op}`)
  if (path != null && path !== '') {
    if (typeof path !== 'string') throw new ScimError('invalidPath', 'path', 'must be a string')
    const step = { op, value, path, ...parsePath(type, path) }
    // An empty list must not remove everything.
    if (op === 'remove' && step.filter === null && Array.isArray(value) && value.length === 0)
      throw new ScimError('invalidValue', 'value', 'names nothing: leave it out to remove all')
    // Passwords are ignored, so that other changes apply.
    if (step.target.attribute?.mutability === 'writeOnly') return []
    if (isReadOnly(step.target)) throw new ScimError('mutability', 'path', `names ${named(path)}, which is read-only`)
    return [step]
  }
  if (op === 'remove') throw new ScimError('noTarget', 'path', 'is required for remove')
  if (!isObject(value)) throw new ScimError('invalidValue', 'value', 'must be an object where there is no path')
  return Object.entries(value).flatMap(([key, inner]) => {
    if (FORBIDDEN_KEYS.has(key)) throw new ScimError('invalidPath', named(key), 'is not allowed as a key')
    // Okta and Entra ID send whole resources; Entra ID also `name.givenName`.
    const urn = isObject(inner) ? wholeExtension(type, key) : null
    const parsed = urn === null ? parsePath(type, key) : { target: { urn, attribute: null, sub: null }, filter: null }
    return isReadOnly(parsed.target) ? [] : [{ op, value: inner, path: key, ...parsed }]
  })
}

function opOf(op: unknown): PatchOperation['op'] {
  const known = (['add', 'replace', 'remove'] as const).find(known => typeof op === 'string' && op.toLowerCase() === known)
  if (!known) throw new ScimError('invalidSyntax', 'op', 'must be add, replace or remove')
  return known
}

const isReadOnly = ({ attribute, sub }: Target): boolean =>
  [attribute, sub].some(part => part?.mutability === 'readOnly' || part?.mutability === 'writeOnly')

function parsePath(type: ResourceType, path: string): { target: Target; filter: ValueFilter | null } {
  const valuePath = parseValuePath(path)
  if (valuePath === null) return { target: resolve(type, path), filter: null }
  const { attribute: name, filter, sub } = valuePath
  const target = resolve(type, sub === null ? name : `${name}.${sub}`)
  const { attribute } = target
  if (!attribute || !(attribute.multiValued || attribute.type === 'any'))
    throw new ScimError('invalidPath', 'path', 'filters what is not a list of values')
  checkParts(filter, attribute, type.strict)
  return { target, filter }
}

/** A misspelled name would select nothing, or everything. */
function checkParts(filter: ValueFilter, attribute: Attribute, strict: boolean): void {
  if (isLogical(filter)) for (const inner of filter.filters) checkParts(inner, attribute, strict)
  else if (filter.op === 'not') checkParts(filter.filter, attribute, strict)
  else if (!partOf(attribute, filter.attrPath, strict))
    throw new ScimError('invalidPath', 'path', `asks for ${named(filter.attrPath)}, which ${attribute.name} does not have`)
}
