import { isCreatable } from './input.ts'
import { configSchemas, type IamType } from './schema.ts'
import { secretPaths } from './secrets.ts'

export interface IamOption {
  readonly name: string
  /** Within `config`; `[]` is each object of a list. */
  readonly path: string
  readonly type: 'string' | 'boolean' | 'integer' | 'list' | 'object' | 'mapping'
  readonly required: boolean
  readonly secret: boolean
  readonly default: unknown
  readonly values: string[] | null
  readonly description: string
}

export interface IamTypeDescription {
  readonly type: IamType
  readonly description: string
  readonly creatable: boolean
  readonly options: IamOption[]
}

const descriptions: Record<IamType, string> = {
  'built-in': 'The users of `bim`, who are made here and log in with a password.',
  ldap: 'A directory: people log in with their password there.',
  openid: 'An OpenID Connect provider: people log in there and come back.',
  saml: 'A SAML provider. This version has no log-in with it, so that none can be made.',
}

interface SchemaNode {
  readonly type?: string
  readonly description?: string
  readonly default?: unknown
  readonly enum?: string[]
  readonly properties?: Readonly<Record<string, SchemaNode>>
  readonly required?: readonly string[]
  readonly additionalProperties?: unknown
  readonly items?: SchemaNode
}

export const iamTypes: IamTypeDescription[] = (Object.keys(configSchemas) as IamType[]).map(type => ({
  type,
  description: descriptions[type],
  creatable: isCreatable(type),
  options: withSecrets(optionsOf(configSchemas[type] as SchemaNode, ''), type),
}))

function optionsOf(node: SchemaNode, at: string): IamOption[] {
  return Object.entries(node.properties ?? {}).flatMap(([name, field]) => {
    const path = `${at}${name}`
    const option: IamOption = {
      name,
      path,
      type: typeOf(field),
      required: node.required?.includes(name) ?? false,
      secret: false,
      default: field.default ?? null,
      values: field.enum ?? field.items?.enum ?? null,
      description: field.description ?? '',
    }
    return [option, ...optionsOf(field, `${path}.`), ...optionsOf(field.items ?? {}, `${path}[].`)]
  })
}

function typeOf({ type, additionalProperties }: SchemaNode): IamOption['type'] {
  if (type === 'array') return 'list'
  if (type === 'object') return typeof additionalProperties === 'object' ? 'mapping' : 'object'
  return type === 'boolean' || type === 'integer' ? type : 'string'
}

function withSecrets(options: readonly IamOption[], type: IamType): IamOption[] {
  const all = [...options]
  for (const [path, { description }] of Object.entries(secretPaths[type])) {
    const within = path.slice(0, path.lastIndexOf('.'))
    const last = all.findLastIndex(option => option.path === within || option.path.startsWith(`${within}.`))
    const name = path.slice(within.length + 1)
    all.splice(last + 1, 0, {
      name,
      path,
      type: 'string',
      required: false,
      secret: true,
      default: null,
      values: null,
      description,
    })
  }
  return all
}
