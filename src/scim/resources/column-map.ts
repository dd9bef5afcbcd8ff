import type { ResourceType } from '../protocol/schema.ts'

/** Where an attribute stands when not in the document: `key` is a canonical form, `exact` text, `rows` the rows of another table. */
export type Column =
  | { readonly kind: 'key' | 'exact' | 'boolean' | 'time' | 'uuid'; readonly sql: string }
  | { readonly kind: 'rows'; readonly exists: (condition: string) => string; readonly parts: Readonly<Record<string, Column>> }

/** How a type of resource lies in its table; `$1` is the IAM's id. Names of columns are in small letters. */
export interface ColumnMap {
  readonly type: ResourceType
  readonly document: string
  /** The table with its alias, its own id, and the condition of being a resource, up to the IAM that it is compared with. */
  readonly from: string
  readonly rowid: string
  readonly where: string
  /** For lists whose `value` is in an index: what must hold where one of the values is this, without case. The index finds, the condition tells. */
  readonly indexed: Readonly<Record<string, (value: string) => string>>
  readonly columns: Readonly<Record<string, Column>>
}
