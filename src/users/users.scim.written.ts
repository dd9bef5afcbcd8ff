/** What a SCIM resource comes to in the rows of its user: the same for a write and for a simulation. Pure. */
import type { IamRecord } from '../iams/iam.ts'
import { canonical, checkUserid } from '../names.ts'
import { checkDocument } from '../provisioning/resource.ts'
import { type Document, userType } from '../provisioning/schema.ts'
import { profileColumns } from './profile.ts'
import { attributesOf, profileOf, type ScimUserRecord } from './user.scim.ts'
import type { ScimUserColumns } from './users.scim.store.ts'

export interface Written {
  readonly userid: string
  readonly useridKey: string
  /** Undefined: the provider says nothing of it. */
  readonly active: boolean | undefined
  readonly columns: ScimUserColumns
  readonly attributes: ReturnType<typeof attributesOf>
}

/** What a resource comes to in the rows of its user. Throws Invalid. */
export function written(iam: IamRecord, given: Document): Written {
  const type = userType(iam.config)
  const document = checkDocument(type, given)
  const { userName, active, ...scim } = document
  const userid = checkUserid(userName, { newBim: false, field: 'userName' })
  return {
    userid,
    useridKey: canonical(userid),
    active: active as boolean | undefined,
    columns: { ...profileColumns(profileOf(type, iam.config, document)), scim },
    attributes: attributesOf(iam.config, document),
  }
}

/** Whether the user is disabled then, and by whom. A provider enables whom it disabled itself: it repeats `active: true` with every change. */
export function stateOf(
  iam: IamRecord,
  before: Pick<ScimUserRecord, 'disabled' | 'disabledBy'> | null,
  active: boolean,
): { disabled: boolean; disabledBy: string | null } {
  const others = before?.disabled === true && before.disabledBy !== iam.id
  if (others) return { disabled: true, disabledBy: before.disabledBy }
  return { disabled: !active, disabledBy: active ? null : iam.id }
}
