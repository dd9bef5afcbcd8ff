import type { UserRef } from '../../generated/operations.ts'
import { Invalid } from '../../platform/errors.ts'

type Names<Path extends string> = Path extends `${string}/:${infer Name}/${infer Rest}`
  ? Name | Names<`/${Rest}`>
  : Path extends `${string}/:${infer Name}`
    ? Name
    : never

interface Kinds {
  groupId: number
  groupuserid: number
  keyid: number
  disable: boolean
  modelType: 'user' | 'group'
}
type Kind<Name> = Name extends keyof Kinds ? Kinds[Name] : string
export type Params<Path extends string, Alias extends string = never> = {
  readonly [Name in Names<Path>]: Name extends Missing<Path, Alias> ? Kind<Name> | undefined : Kind<Name>
} & { readonly [Name in Exclude<Names<Alias>, Names<Path>>]?: Kind<Name> }
type Missing<Path extends string, Alias extends string> = Alias extends string ? Exclude<Names<Path>, Names<Alias>> : never

const MAX_ID = 2_147_483_647
const INTEGER = { type: 'integer', minimum: 1, maximum: MAX_ID } as const
export const SCHEMAS: Readonly<Record<keyof Kinds, object>> = {
  groupId: INTEGER,
  groupuserid: INTEGER,
  keyid: INTEGER,
  disable: { type: 'boolean' },
  modelType: { enum: ['user', 'group'] },
}

export function idFrom(name: string, value: string): number {
  const found = /^\d+$/.test(value) ? Number(value) : 0
  if (found < 1 || found > MAX_ID) throw new Invalid(name, `must be an integer from 1 to ${MAX_ID}`)
  return found
}

/** Any case, as Python writes booleans; null otherwise. */
export function booleanFrom(text: string): boolean | null {
  const word = text.length > 5 ? '' : text.toLowerCase()
  return word === 'true' ? true : word === 'false' ? false : null
}

const readers: { readonly [Name in keyof Kinds]: (value: string) => Kinds[Name] } = {
  groupId: value => idFrom('groupId', value),
  groupuserid: value => idFrom('groupuserid', value),
  keyid: value => idFrom('keyid', value),
  disable(value) {
    const disable = booleanFrom(value)
    if (disable === null) throw new Invalid('disable', 'must be true or false')
    return disable
  },
  modelType(value) {
    if (value !== 'user' && value !== 'group') throw new Invalid('modelType', 'must be user or group')
    return value
  },
}

/** An empty parameter never means "all" (bim-wire-rules "Requests" 3). */
export function readParams(params: Readonly<Record<string, string>>): Record<string, unknown> {
  const read: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(params)) {
    if (value === '') throw new Invalid(name, 'must not be empty')
    read[name] = Object.hasOwn(readers, name) ? readers[name as keyof Kinds](value) : value
  }
  return read
}

/** All digits are an id (bim-wire-rules "Requests" 4). */
export const userOrId = (iamid: string, name: string): UserRef =>
  /^\d+$/.test(name) ? inIam(iamid, idFrom('userid', name)) : { name: { iamid, userid: name } }

export const inIam = (iamid: string, databaseId: number) => ({ inIam: { iamid, databaseId } })
