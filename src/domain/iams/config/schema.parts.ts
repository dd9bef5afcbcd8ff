import { X509Certificate } from 'node:crypto'
import Type, { type TSchema } from 'typebox'

export const strict = { additionalProperties: false } as const
const maxEntries = 1000

/** A spread would lose typebox's hidden properties. */
export function described<Schema extends TSchema>(description: string, schema: Schema, more: { default?: unknown } = {}): Schema {
  return Object.assign(Object.create(null, Object.getOwnPropertyDescriptors(schema)), { description, ...more })
}

export const plain = (maxLength = 1024) => Type.String({ minLength: 1, maxLength })
export const text = (description: string, more: { max?: number; default?: string } = {}) =>
  described(description, plain(more.max), more.default === undefined ? {} : { default: more.default })
export const flag = (description: string, otherwise = false) => described(description, Type.Boolean(), { default: otherwise })
export const whole = (
  description: string,
  { minimum, maximum, otherwise }: { minimum: number; maximum: number; otherwise?: number },
) => described(description, Type.Integer({ minimum, maximum }), otherwise === undefined ? {} : { default: otherwise })

/** Type.Partial would drop `strict`. */
export const optionals = (fields: Record<string, TSchema>): Record<string, TSchema> =>
  Object.fromEntries(Object.entries(fields).map(([name, field]) => [name, Type.Optional(field)]))
export const optional = (fields: Record<string, TSchema>) => Type.Object(optionals(fields), strict)
/** Type.Record would accept names with line breaks. */
export const mapping = (description: string) =>
  described(description, Type.Object({}, { additionalProperties: plain(254), maxProperties: maxEntries }))
export const list = <Item extends TSchema>(item: Item) => Type.Array(item, { maxItems: maxEntries, uniqueItems: true })
export const objects = <Item extends TSchema>(item: Item) => Type.Array(item, { maxItems: maxEntries })

/** Without credentials, which would not be encrypted. */
export const url = (description: string) =>
  described(
    description,
    Type.Refine(plain(2048), isUrl, () => 'must be an http or https URL without a user, a password and a fragment'),
  )
const pem = (description: string) =>
  described(
    description,
    Type.Refine(
      Type.Refine(plain(65_536), holdsNoKey, () => 'must not hold a private key: that belongs in key'),
      value => !holdsNoKey(value) || areCertificates(value),
      () => 'must be certificates (PEM), their lines apart',
    ),
  )
export const pems = {
  ca: pem('Certificates (PEM) of the authorities to trust, instead of the public ones.'),
  cert: pem('Our own certificate (PEM), for a server that asks for one; needs `key`.'),
  rejectUnauthorized: flag('Whether a server whose certificate cannot be verified is refused.', true),
}

export const iamid = (description: string) =>
  described(
    description,
    Type.Refine(
      plain(64),
      value => /^[A-Za-z][A-Za-z0-9_-]{0,63}$/.test(value),
      () => 'must be the id of an IAM',
    ),
  )

function isUrl(value: string): boolean {
  const parsed = URL.parse(value)
  if (!parsed || !['http:', 'https:'].includes(parsed.protocol)) return false
  return parsed.username === '' && parsed.password === '' && parsed.hash === '' && !/[\s\\]/.test(value)
}

function areCertificates(value: string): boolean {
  const all = certificatesIn(value)
  try {
    for (const one of all) new X509Certificate(one)
  } catch {
    return false
  }
  return all.length > 0
}

function certificatesIn(value: string): string[] {
  const found: string[] = []
  const begin = /-----BEGIN ([A-Z0-9 ]{0,32}CERTIFICATE)-----/g
  for (let one = begin.exec(value); one !== null; one = begin.exec(value)) {
    const last = `-----END ${one[1]}-----`
    const end = value.indexOf(last, begin.lastIndex)
    if (end === -1) break
    begin.lastIndex = end + last.length
    found.push(value.slice(one.index, begin.lastIndex))
  }
  return found
}

function holdsNoKey(value: string): boolean {
  return !/PRIVATE KEY/i.test(value)
}
