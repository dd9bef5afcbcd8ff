// The list's address, and its filter.
import type { UsersQueryVariables } from '../../../../generated/ui.ts'
import { escaped, joined, listOf, pageOf, partsOf, type Search, unescaped } from '../../operations/query-text.ts'

export const STATES = ['active', 'disabled', 'disabled-locally', 'disabled-by-source', 'invited', 'never'] as const
export type State = (typeof STATES)[number]

export const SORTS = {
  name: 'NAME',
  userid: 'USERID',
  email: 'EMAIL',
  iam: 'IAMID',
  createdAt: 'CREATED_AT',
  lastLogin: 'LAST_LOGIN',
} as const
export type SortName = keyof typeof SORTS

export const COLUMNS = ['userid', 'iam', 'state', 'permissions', 'groups', 'lastLogin', 'createdAt'] as const
export type ColumnName = (typeof COLUMNS)[number]
export const ATTRIBUTE_COLUMN = 'attr.'

export interface AttributeCondition {
  readonly key: string
  /** Null: any value. */
  readonly value: string | null
  readonly absent: boolean
}

export interface View {
  readonly q: string
  readonly iam: readonly string[]
  readonly state: State | null
  readonly perm: string | null
  readonly group: readonly string[]
  readonly attr: readonly AttributeCondition[]
  readonly sort: { readonly by: SortName; readonly descending: boolean }
  readonly cols: readonly string[]
  readonly after: string | null
  readonly before: string | null
}

const LONGEST_SEARCH = 256
const MOST_WORDS = 10
const MOST = 50

/** Unknown values are left out. */
export function viewOf(search: Search): View {
  const after = search.after || null
  return {
    q: searchText(search.q ?? ''),
    iam: list(search.iam),
    state: STATES.find(state => state === search.state) ?? null,
    perm: /^[A-Z][A-Z0-9_]{1,63}$/.test(search.perm ?? '') ? search.perm! : null,
    group: list(search.group),
    attr: conditions(search.attr),
    sort: sortOf(search.sort ?? ''),
    cols: columnsOf(search.cols),
    after,
    before: after === null ? search.before || null : null,
  }
}

/** Defaults have no text. */
export function searchOf(view: View): Search {
  const { by, descending } = view.sort
  const isUsual = view.cols.join() === COLUMNS.join()
  return {
    q: view.q,
    iam: joined(view.iam),
    state: view.state ?? '',
    perm: view.perm ?? '',
    group: joined(view.group),
    attr: view.attr.map(conditionText).join(','),
    sort: by === 'name' && !descending ? '' : `${descending ? '-' : ''}${by}`,
    cols: isUsual ? '' : joined(['name', ...view.cols]),
    after: view.after ?? '',
    before: view.before ?? '',
  }
}

const list = (text: string | undefined): string[] => listOf(text ?? '').slice(0, MOST)

export const searchText = (text: string): string =>
  text
    .slice(0, LONGEST_SEARCH)
    .split(/(?<=\S)(?=\s)/u)
    .slice(0, MOST_WORDS)
    .join('')

function sortOf(text: string): View['sort'] {
  const by = text.replace(/^-/, '')
  return Object.hasOwn(SORTS, by) ? { by: by as SortName, descending: text.startsWith('-') } : { by: 'name', descending: false }
}

function columnsOf(text: string | undefined): string[] {
  const known = list(text).filter(name => (COLUMNS as readonly string[]).includes(name) || isAttributeColumn(name))
  return text ? known : [...COLUMNS]
}

export const isAttributeColumn = (name: string): boolean =>
  name.startsWith(ATTRIBUTE_COLUMN) && name.length > ATTRIBUTE_COLUMN.length

/** `Country:NL`; `Country`: any value; one `!Country`: none. */
function conditions(text: string | undefined): AttributeCondition[] {
  const all = partsOf(text ?? '')
    .slice(0, MOST)
    .flatMap(conditionOf)
  const absent = all.find(condition => condition.absent)
  return all.filter(condition => !condition.absent || condition === absent)
}

function conditionOf(text: string): AttributeCondition[] {
  const [, not, key = '', value] = /^(!?)((?:\\.|[^:\\])*)(?::(.*))?$/su.exec(text) ?? []
  const absent = not === '!'
  return key === '' ? [] : [{ key: unescaped(key), value: absent || !value ? null : unescaped(value), absent }]
}

function conditionText({ key, value, absent }: AttributeCondition): string {
  const name = escaped(key, ',:!')
  return absent ? `!${name}` : value === null ? name : `${name}:${escaped(value)}`
}

export function variablesOf(view: View): UsersQueryVariables {
  const { by, descending } = view.sort
  return {
    ...pageOf({ after: view.after ?? '', before: view.before ?? '' }),
    ...foundBy(view),
    sort: { field: SORTS[by], direction: descending ? 'DESC' : 'ASC' },
    withPermissions: view.cols.includes('permissions'),
    withGroups: view.cols.includes('groups'),
    withAttributes: view.cols.some(isAttributeColumn),
  }
}

export function foundBy({ q, iam, state, perm, group, attr }: View): Pick<UsersQueryVariables, 'filter' | 'search'> {
  const held = attr.filter(({ absent }) => !absent).map(({ key, value }) => ({ key, value }))
  const absent = attr.find(condition => condition.absent)
  return {
    search: q.trim() || null,
    filter: {
      ...FILTERS[state ?? 'any'],
      ...(iam.length > 0 && { iamids: [...iam] }),
      ...(perm && { permission: perm }),
      ...(group.length > 0 && { groupNames: [...group] }),
      ...(held.length > 0 && { attributes: held }),
      ...(absent && { withoutAttribute: absent.key }),
      excludeDeletedIams: false,
    },
  }
}

const FILTERS: Record<State | 'any', UsersQueryVariables['filter']> = {
  any: { includeDisabled: true },
  active: { includeDisabled: false },
  disabled: { includeDisabled: true, includeEnabled: false },
  'disabled-locally': { disabledBy: 'ADMINISTRATOR' },
  'disabled-by-source': { disabledBy: 'SOURCE' },
  invited: { includeDisabled: true, invited: true },
  never: { includeDisabled: true, neverLoggedIn: true },
}

export const isFiltered = ({ q, iam, state, perm, group, attr }: View): boolean =>
  q.trim() !== '' || state !== null || perm !== null || iam.length + group.length + attr.length > 0
