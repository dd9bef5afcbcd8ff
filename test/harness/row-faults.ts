// Where a row type differs from what its statement selects. Pure.

/** A property of a row type: what TypeScript says that it may be. */
export interface RowProperty {
  readonly name: string
  /** `string`, `number`, `boolean`, `Date`, `Buffer`, arrays such as `string[]`, unions such as `number | string`, else `json`. */
  readonly kind: string | null
  readonly optional: boolean
  readonly nullable: boolean
}
/** The result of one statement. `column`: of which table it is, as `table.number`, where it is a plain column. */
export interface SentRow {
  /** Lines of src on the stack, the sender first: `src/sync/runs.store.ts:12`. */
  readonly senders: readonly string[]
  readonly text: string
  readonly fields: readonly {
    readonly name: string
    readonly type: number
    readonly column: string | null
    readonly isNull: boolean
  }[]
}

export interface Catalogue {
  /** Names of types by oid. */
  readonly types: ReadonlyMap<number, string>
  /** Columns of tables that may be NULL, as `table.number`. */
  readonly nullable: ReadonlySet<string>
}

/** What node-postgres parses each type to; `json` is any. */
const KINDS: Record<string, readonly string[]> = {
  int2: ['number'],
  int4: ['number'],
  float8: ['number'],
  int8: ['string'],
  numeric: ['string'],
  bool: ['boolean'],
  text: ['string'],
  varchar: ['string'],
  name: ['string'],
  uuid: ['string'],
  timestamptz: ['Date'],
  bytea: ['Buffer', 'Uint8Array'],
  json: ['json', 'string', 'number', 'boolean', 'string[]', 'number[]'],
  jsonb: ['json', 'string', 'number', 'boolean', 'string[]', 'number[]'],
  _text: ['string[]'],
  _uuid: ['string[]'],
  _int4: ['number[]'],
  _bool: ['boolean[]'],
}

export function faultsOf({ fields }: SentRow, row: readonly RowProperty[], { types, nullable }: Catalogue): string[] {
  const selected = new Set(fields.map(({ name }) => name))
  const extra = row.filter(({ name, optional }) => !optional && !selected.has(name)).map(({ name }) => `${name} is not selected`)
  return [
    ...extra,
    ...fields.flatMap(field => {
      const property = row.find(({ name }) => name === field.name)
      if (!property) return [`${field.name} is not in the row type`]
      const type = types.get(field.type) ?? `oid ${field.type}`
      const kinds = KINDS[type] ?? []
      if (!property.kind!.split(' | ').some(kind => kinds.includes(kind)))
        return [`${field.name} is ${type}, not ${property.kind}`]
      if (property.nullable || property.optional) return []
      if (field.isNull) return [`${field.name} was NULL`]
      return nullable.has(field.column ?? '') ? [`${field.name} may be NULL`] : []
    }),
  ]
}
