import type { IamRecord } from '../../domain/iams/iam.ts'
import type { ProfileColumns } from '../../domain/users/profile.ts'
import { profileColumns } from '../../domain/users/profile.ts'
import type { ProfileInput } from '../../generated/inputs.ts'
import { Invalid } from '../../platform/errors.ts'
import { canonical, checkUserid } from '../../platform/validation.ts'
import { ScimError } from '../protocol/errors.ts'
import { checkDocument } from '../protocol/resource.ts'
import { type Document, userType } from '../protocol/schema.ts'
import { attributesOf, profileOf, type ScimUserRecord, usualPath } from './user.ts'
import type { ScimUserColumns } from './users.store.ts'

export interface WrittenUser {
  readonly userid: string
  readonly useridKey: string
  readonly active: boolean | undefined
  readonly columns: ScimUserColumns
  readonly attributes: ReturnType<typeof attributesOf>
  readonly notTaken: readonly string[]
}

export function toColumns(iam: IamRecord, given: Document): WrittenUser {
  const type = userType(iam.config)
  const document = checkDocument(type, given)
  const { userName, active, ...scim } = document
  const userid = checkUserid(userName, { newBim: false, field: 'userName' })
  const { columns, notTaken } = profileOfResource(profileOf(type, iam.config, document))
  return {
    userid,
    useridKey: canonical(userid),
    active: active as boolean | undefined,
    columns: { ...columns, scim },
    attributes: attributesOf(iam.config, document),
    notTaken,
  }
}

/** An invalid e-mail keeps the stored one; the rest applies. */
function profileOfResource({ email, ...rest }: ProfileInput): { columns: Partial<ProfileColumns>; notTaken: string[] } {
  const columns = named(rest)
  try {
    return { columns: { ...columns, ...profileColumns({ email }) }, notTaken: [] }
  } catch (error) {
    if (!(error instanceof Invalid)) throw error
    return { columns, notTaken: [`emails ${error.rule}: it is kept in the resource, and the e-mail of the profile stays`] }
  }
}

function named(profile: ProfileInput): Partial<ProfileColumns> {
  try {
    return profileColumns(profile)
  } catch (error) {
    if (!(error instanceof Invalid)) throw error
    const field = error.field?.replace(/^profile\./, '') ?? ''
    throw new ScimError('invalidValue', usualPath(field) ?? field, error.rule)
  }
}

/** A provider enables only users it disabled: it repeats `active: true`. */
export function disabledState(
  iam: IamRecord,
  before: Pick<ScimUserRecord, 'disabled' | 'disabledBy'> | null,
  active: boolean,
): { disabled: boolean; disabledBy: string | null } {
  const others = before?.disabled === true && before.disabledBy !== iam.id
  if (others) return { disabled: true, disabledBy: before.disabledBy }
  return { disabled: !active, disabledBy: active ? null : iam.id }
}
