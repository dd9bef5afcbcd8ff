// Writes with a dry run before, and an inverse after.
import {
  ChangeMembersDocument,
  EditAttributesDocument,
  type EditAttributesMutationVariables,
  GrantPermissionsDocument,
  type PlannedFragment,
  RevokePermissionDocument,
  SetDisabledDocument,
  SignOutEverywhereDocument,
} from '../../../generated/ui.ts'
import { fieldChanges } from '../parts/change-words.ts'
import { type Operation, request } from './request.ts'

export type Planned = PlannedFragment
export interface Target {
  readonly id: string
  readonly name: string
}
export interface Sent {
  readonly changes: readonly Planned[]
  readonly warnings: readonly string[]
}
export interface Write {
  /** Whom it is about. */
  readonly label: string
  readonly send: (dryRun: boolean) => Promise<Sent>
  /** From the changes of its dry run. */
  readonly inverse: (changes: readonly Planned[]) => readonly Write[]
  /** One by one, where all at once are refused. */
  readonly split?: () => readonly Write[]
}

interface Payload {
  readonly changes?: readonly Planned[] | null
  readonly warnings?: readonly { readonly message: string }[]
}

/** `input`: of the one mutation of the operation. */
function sending<Input extends object>(operation: Operation<object, { input: Input & { dryRun?: boolean } }>, input: Input) {
  return async (dryRun: boolean): Promise<Sent> => {
    const { data } = await request(operation, { input: { ...input, dryRun } })
    const [payload] = Object.values(data) as (Payload | null)[]
    return { changes: payload?.changes ?? [], warnings: payload?.warnings?.map(({ message }) => message) ?? [] }
  }
}

const permissionsOf = (changes: readonly Planned[], kind: 'added' | 'removed'): string[] =>
  changes.flatMap(({ before, after }) => fieldChanges(before, after).flatMap(change => change[kind]))

export const grant = (user: Target, permissions: readonly string[]): Write => ({
  label: user.name,
  send: sending(GrantPermissionsDocument, { ref: { id: user.id }, permissions: [...permissions] }),
  inverse: changes => permissionsOf(changes, 'added').map(permission => revoke(user, permission)),
})

export const revoke = (user: Target, permission: string): Write => ({
  label: user.name,
  send: sending(RevokePermissionDocument, { ref: { id: user.id }, permission }),
  inverse: changes => [grant(user, permissionsOf(changes, 'removed'))],
})

/** Only those who join or leave come back. */
export function changeMembers(group: Target, users: readonly Target[], change: 'add' | 'remove'): Write {
  const back = change === 'add' ? 'remove' : 'add'
  return {
    label: users.length === 1 ? users[0]!.name : group.name,
    send: sending(ChangeMembersDocument, { group: { id: group.id }, [change]: users.map(({ id }) => ({ id })) }),
    inverse: changes => {
      const numbers = changes.flatMap(({ before, after }) => membersIn(change === 'add' ? after : before))
      return numbers.length === 0 ? [] : [changeMembersByNumber(group, numbers, back)]
    },
    ...(users.length > 1 && { split: () => users.map(user => changeMembers(group, [user], change)) }),
  }
}

const changeMembersByNumber = (group: Target, numbers: readonly number[], change: 'add' | 'remove'): Write => ({
  label: group.name,
  send: sending(ChangeMembersDocument, { group: { id: group.id }, [change]: numbers.map(databaseId => ({ databaseId })) }),
  inverse: () => [],
})

function membersIn(facts: unknown): number[] {
  const { members = [] } = (facts ?? {}) as { members?: readonly { readonly id: number }[] }
  return members.map(({ id }) => id)
}

export interface AttributeValue {
  readonly key: string
  readonly value: string
}
type Operations = EditAttributesMutationVariables['input']['edits'][number]['operation']

export function editAttribute(user: Target, operation: Operations, { key, value }: AttributeValue): Write {
  const edit = { owner: { user: { id: user.id } }, operation, key, value }
  const back = operation === 'ADD' ? 'REMOVE' : 'ADD'
  return {
    label: user.name,
    send: sending(EditAttributesDocument, { edits: [edit] }),
    inverse: changes => (changes.length === 0 ? [] : [editAttribute(user, back, { key, value })]),
  }
}

export const setDisabled = (user: Target, disabled: boolean): Write => ({
  label: user.name,
  send: sending(SetDisabledDocument, { ref: { id: user.id }, disabled }),
  inverse: changes => (changes.some(wasOther) ? [setDisabled(user, !disabled)] : []),
})

/** Not where only the party that disabled changes. */
const wasOther = ({ before }: Planned): boolean => ((before ?? {}) as { disabled?: boolean }).disabled !== undefined

export const signOutEverywhere = (user: Target): Write => ({
  label: user.name,
  send: sending(SignOutEverywhereDocument, { ref: { id: user.id } }),
  inverse: () => [],
})
