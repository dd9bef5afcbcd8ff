// What an audit event, or a dry run, changed: by field, what went and what came.
export interface FieldChange {
  readonly field: string
  readonly removed: readonly string[]
  readonly added: readonly string[]
}

type Fields = Readonly<Record<string, unknown>>

/** Of attributes each key is a field. */
export function fieldChanges(before: unknown, after: unknown): FieldChange[] {
  const [old, next] = [flat(before), flat(after)]
  return [...new Set([...Object.keys(old), ...Object.keys(next)])].flatMap(field => {
    const [left, right] = [valuesOf(old[field]), valuesOf(next[field])]
    const removed = left.filter(value => !right.includes(value))
    const added = right.filter(value => !left.includes(value))
    return removed.length + added.length === 0 ? [] : [{ field, removed, added }]
  })
}

const isFields = (value: unknown): value is Fields => typeof value === 'object' && value !== null && !Array.isArray(value)

function flat(value: unknown): Fields {
  if (!isFields(value)) return value == null ? {} : { value }
  const { attributes, ...rest } = value
  return isFields(attributes) ? { ...rest, ...attributes } : value
}

function valuesOf(value: unknown): string[] {
  if (value == null || value === '') return []
  return Array.isArray(value) ? value.map(textOf) : [textOf(value)]
}

function textOf(value: unknown): string {
  if (typeof value === 'boolean') return value ? 'yes' : 'no'
  if (isFields(value) && typeof value.name === 'string') return value.name
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}

/** `revokedTokens`: revoked tokens. */
export const fieldWords = (field: string): string =>
  /^[a-z]+([A-Z][a-z]*)*$/.test(field) ? field.replace(/[A-Z]/g, letter => ` ${letter.toLowerCase()}`) : field
