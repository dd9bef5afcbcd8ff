/** RFC 7643 7; `any` is undescribed. */
export interface Attribute {
  readonly name: string
  readonly type: 'string' | 'boolean' | 'dateTime' | 'complex' | 'reference' | 'binary' | 'decimal' | 'any'
  readonly multiValued: boolean
  readonly description: string
  readonly required: boolean
  readonly caseExact: boolean
  readonly mutability: 'readOnly' | 'readWrite' | 'immutable' | 'writeOnly'
  readonly returned: 'always' | 'never' | 'default' | 'request'
  readonly uniqueness: 'none' | 'server'
  readonly subAttributes?: readonly Attribute[]
  readonly referenceTypes?: readonly string[]
  readonly canonicalValues?: readonly string[]
}

export interface Schema {
  readonly id: string
  readonly name: string
  readonly description: string
  readonly attributes: readonly Attribute[]
}
