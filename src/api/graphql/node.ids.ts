/** Global ids: type and key, as base64url. */

const MAX_INTEGER = 2_147_483_647
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i
/** Characters. */
const MAX_LENGTH = 2_000

const integer = (key: string): number | undefined =>
  /^[1-9]\d{0,9}$/.test(key) && Number(key) <= MAX_INTEGER ? Number(key) : undefined
const digits = (key: string): string | undefined => (/^[1-9]\d{0,17}$/.test(key) ? key : undefined)
const text = (key: string): string | undefined => (key === '' || key.includes('\0') ? undefined : key)
export const uuid = (key: string): string | undefined => (UUID.test(key) ? key.toLowerCase() : undefined)

/** Undefined for a key of another form. */
const KEYS = {
  User: integer,
  Profile: integer,
  Group: integer,
  Membership: integer,
  Iam: text,
  ApiKey: integer,
  Token: integer,
  Project: integer,
  Domain: uuid,
  DomainPermission: uuid,
  DataSource: integer,
  AuditEvent: digits,
  SyncRun: integer,
  SyncEntry: integer,
  Exchange: digits,
  AttributeKey: text,
}

export type NodeType = keyof typeof KEYS
export type NodeKey = string | number
export const nodeTypes = Object.keys(KEYS) as NodeType[]
export const hasIntegerKey = (type: NodeType): boolean => KEYS[type] === integer

export const toGlobalId = (type: NodeType, key: NodeKey): string => Buffer.from(`${type}:${key}`).toString('base64url')

export function fromGlobalId(id: string): { readonly type: NodeType; readonly key: NodeKey } | null {
  if (id.length > MAX_LENGTH) return null
  const decoded = Buffer.from(id, 'base64url').toString()
  const colon = decoded.indexOf(':')
  const type = decoded.slice(0, Math.max(colon, 0))
  if (!Object.hasOwn(KEYS, type)) return null
  const key = KEYS[type as NodeType](decoded.slice(colon + 1))
  // Other spellings of the same bytes are none.
  return key === undefined || toGlobalId(type as NodeType, key) !== id ? null : { type: type as NodeType, key }
}
