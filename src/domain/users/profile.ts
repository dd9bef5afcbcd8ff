import type { ProfileInput } from '../../generated/inputs.ts'
import { Invalid } from '../../platform/errors.ts'
import { canonical, checkEmail, checkText } from '../../platform/validation.ts'

export interface ProfileColumns {
  name: string
  nameKey: string
  email: string | null
  emailKey: string
  phone: string | null
  about: string | null
  location: string | null
  organization: string | null
  position: string | null
  sqlUser: string | null
  preferences: object | null
  externalUserIds: object
}

/** Bytes of JSON. */
const MAX_JSON = 65_536
const TEXTS = ['phone', 'about', 'location', 'organization', 'position', 'sqlUser'] as const

/** Absent stays, empty text is null. Throws Invalid. */
export function profileColumns(input: ProfileInput): Partial<ProfileColumns> {
  const columns: Partial<ProfileColumns> = {}
  if (input.name != null) Object.assign(columns, nameColumns(input.name))
  else if (input.name === null) throw new Invalid('profile.name', 'is required and cannot be removed')
  if (input.email !== undefined) {
    columns.email = input.email === null || input.email === '' ? null : checkEmail('profile.email', input.email)
    columns.emailKey = columns.email === null ? '' : canonical(columns.email)
  }
  for (const field of TEXTS) {
    const text = input[field]
    if (text !== undefined) columns[field] = text === null || text === '' ? null : checkText(`profile.${field}`, text)
  }
  if (input.preferences !== undefined)
    columns.preferences = input.preferences === null ? null : checkObject('profile.preferences', input.preferences)
  if (input.externalUserIds !== undefined)
    columns.externalUserIds = checkIds('profile.externalUserIds', input.externalUserIds ?? {})
  return columns
}

export function nameColumns(name: string, field = 'profile.name'): { name: string; nameKey: string } {
  const text = checkText(field, name, 254).trim()
  if (text === '') throw new Invalid(field, 'must be 1 to 254 characters')
  if (/[\n\t\r]/.test(text)) throw new Invalid(field, 'must not contain control characters')
  return { name: text, nameKey: canonical(text) }
}

function checkObject(field: string, value: unknown): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Invalid(field, 'must be an object')
  checkJson(field, value)
  return value as Record<string, unknown>
}

function checkIds(field: string, value: unknown): Record<string, unknown> {
  const ids = checkObject(field, value)
  const wrong = Object.entries(ids).find(
    ([name, id]) => !isName(id) && !(name === 'databricksUserObject' && isDatabricksUser(id)),
  )
  if (wrong) throw new Invalid(`${field}.${wrong[0].slice(0, 64)}`, 'must be a string or null')
  return ids
}

const isName = (value: unknown): boolean => value === null || typeof value === 'string'

/** The reference's only structured id: `{id, type}`. */
const isDatabricksUser = (value: unknown): boolean =>
  typeof value === 'object' &&
  value !== null &&
  !Array.isArray(value) &&
  Object.entries(value).every(([name, entry]) => ['id', 'type'].includes(name) && isName(entry))

function checkJson(field: string, value: unknown): void {
  if (Buffer.byteLength(JSON.stringify(value)) > MAX_JSON) throw new Invalid(field, `must be at most ${MAX_JSON} bytes of JSON`)
}
