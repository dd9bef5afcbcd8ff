import { Conflict, Invalid } from '../../platform/errors.ts'

/** RFC 7644 3.12, table 9; RFC 9865 2.1. */
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

export class ScimError extends Invalid {
  readonly scimType: ScimType
  constructor(scimType: ScimType, field: string, rule: string) {
    super(field, rule)
    this.scimType = scimType
  }
}

export class UniquenessError extends Conflict {
  readonly scimType: ScimType = 'uniqueness'
}
