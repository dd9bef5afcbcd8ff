import { Conflict, Invalid } from '../../platform/errors.ts'

/** What a provider is told beside the status (RFC 7644 3.12, table 9; RFC 9865 2.1 for cursors). */
export type ScimType =
  | 'invalidFilter'
  | 'tooMany'
  | 'uniqueness'
  | 'mutability'
  | 'invalidSyntax'
  | 'invalidPath'
  | 'noTarget'
  | 'invalidValue'
  | 'invalidCursor'
  | 'invalidCount'

/** An Invalid with SCIM's word for what is wrong. */
export class ScimError extends Invalid {
  readonly scimType: ScimType
  constructor(scimType: ScimType, field: string, rule: string) {
    super(field, rule)
    this.scimType = scimType
  }
}

/** The name is another resource's. */
export class UniquenessError extends Conflict {
  readonly scimType: ScimType = 'uniqueness'
}
