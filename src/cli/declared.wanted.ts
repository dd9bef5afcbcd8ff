import { closest } from '../platform/suggestions.ts'
import { isValues, type Path, type Values } from './declared.document.ts'
import { type Reference, referenceOf } from './declared.references.ts'

export interface KnownOption {
  readonly name: string
  /** Within `config`; `[]` is each object of a list. */
  readonly path: string
  readonly type: string
  readonly secret: boolean
}
export interface KnownType {
  readonly type: string
  readonly creatable: boolean
  readonly options: readonly KnownOption[]
}

/** Null for what the file leaves out. */
export interface WantedIam {
  readonly iamid: string
  readonly type: string
  readonly displayName: string | null
  readonly defaultPermissions: readonly string[] | null
  readonly groupPermissions: Readonly<Record<string, readonly string[]>> | null
  readonly config: Values | null
  readonly secrets: ReadonlyMap<string, Reference>
}

export interface Fault {
  readonly path: Path
  readonly rule: string
}

export interface Known {
  readonly types: readonly KnownType[]
  /** Types of what exists, by iamid. */
  readonly existing: ReadonlyMap<string, string>
}

const SECTIONS = ['type', 'displayName', 'defaultPermissions', 'groupPermissions', 'config'] as const
const REMEDY = `write \${env:NAME} or \${file:/path} instead, which apply reads`

/** The values of secrets appear in no fault. */
export function wantedIams(values: Values, known: Known): { iams: WantedIam[]; faults: Fault[] } {
  const faults: Fault[] = []
  for (const name of Object.keys(values))
    if (name !== 'iams') faults.push({ path: [name], rule: unknown(closest(name, ['iams'])) })
  if (!isValues(values.iams)) faults.push({ path: ['iams'], rule: 'must be a mapping of identity sources by their ids' })
  const entries = isValues(values.iams) ? Object.entries(values.iams) : []
  return { iams: entries.flatMap(([iamid, entry]) => new Reader(known, iamid, faults).read(entry)), faults }
}

class Reader {
  private readonly known: Known
  private readonly iamid: string
  private readonly faults: Fault[]
  private readonly secrets = new Map<string, Reference>()
  private options: readonly KnownOption[] = []

  constructor(known: Known, iamid: string, faults: Fault[]) {
    this.known = known
    this.iamid = iamid
    this.faults = faults
  }

  read(entry: unknown): WantedIam[] {
    const at = ['iams', this.iamid]
    if (!isValues(entry)) return this.refuse(at, `must be a mapping with ${SECTIONS.join(', ')}`)
    const type = this.typeOf(entry.type)
    if (type === null) return []
    this.options = type.options
    for (const name of Object.keys(entry)) if (!isSection(name)) this.refuse([...at, name], unknown(this.sectionFor(name)))
    const { displayName, defaultPermissions, groupPermissions, config } = entry
    if (displayName === undefined && !this.known.existing.has(this.iamid))
      this.refuse([...at, 'displayName'], 'is required for a new identity source')
    if (displayName !== undefined && (typeof displayName !== 'string' || this.isSecret([...at, 'displayName'], displayName)))
      this.refuse([...at, 'displayName'], 'must be a string')
    return [
      {
        iamid: this.iamid,
        type: type.type,
        displayName: typeof displayName === 'string' ? displayName : null,
        defaultPermissions: this.permissions([...at, 'defaultPermissions'], defaultPermissions),
        groupPermissions: this.groups([...at, 'groupPermissions'], groupPermissions),
        config: config === undefined ? null : this.object([...at, 'config'], config, ''),
        secrets: this.secrets,
      },
    ]
  }

  private refuse(path: Path, rule: string): [] {
    this.faults.push({ path, rule })
    return []
  }

  private typeOf(given: unknown): KnownType | null {
    const path = ['iams', this.iamid, 'type']
    const existing = this.known.existing.get(this.iamid)
    const names = this.known.types.filter(type => type.creatable).map(({ type }) => type)
    const type = this.known.types.find(type => type.type === (given ?? existing))
    if (existing === undefined && !names.includes(given as string))
      this.refuse(path, `must be one of ${names.join(', ')} for a new identity source`)
    else if (given !== undefined && existing !== undefined && given !== existing)
      this.refuse(path, `is ${existing} on the server and cannot be changed`)
    else return type ?? null
    return null
  }

  private sectionFor(name: string): string | null {
    if (this.options.some(({ path }) => path === name)) return `config.${name}`
    return name === 'permissions' ? 'groupPermissions' : closest(name, SECTIONS)
  }

  private permissions(path: Path, given: unknown): string[] | null {
    if (given === undefined) return null
    if (Array.isArray(given) && given.every(one => typeof one === 'string')) return given
    this.refuse(path, 'must be a list of permissions')
    return null
  }

  private groups(path: Path, given: unknown): Record<string, string[]> | null {
    if (given === undefined) return null
    if (isValues(given))
      return Object.fromEntries(
        Object.entries(given).map(([group, list]) => [group, this.permissions([...path, group], list ?? null) ?? []]),
      )
    this.refuse(path, 'must be a mapping of lists of permissions by group name')
    return null
  }

  /** Without its secrets, which are kept by path. */
  private object(path: Path, given: unknown, within: string): Values {
    if (!isValues(given)) {
      this.refuse(path, 'must be a mapping')
      return {}
    }
    const taken: [string, unknown][] = []
    for (const [name, value] of Object.entries(given)) {
      const at = [...path, name]
      const option = this.options.find(option => option.path === `${within}${name}`)
      if (option === undefined) this.refuse(at, unknown(this.optionFor(name, within)))
      else if (option.secret) this.secret(at, option, value)
      else taken.push([name, this.value(at, option, value)])
    }
    return Object.fromEntries(taken)
  }

  private optionFor(name: string, within: string): string | null {
    if (within === '' && isSection(name)) return `iams.${this.iamid}.${name}`
    const here = this.options.filter(option => option.path === `${within}${option.name}`).map(option => option.name)
    const elsewhere = this.options.find(option => option.name.toLowerCase() === name.toLowerCase())
    return closest(name, here) ?? (elsewhere ? `config.${elsewhere.path}` : null)
  }

  private secret(path: Path, option: KnownOption, value: unknown): void {
    const reference = referenceOf(value)
    if (reference) this.secrets.set(option.path, reference)
    else this.refuse(path, `is a secret, which must not be in the file: ${REMEDY}`)
  }

  private value(path: Path, option: KnownOption, value: unknown): unknown {
    if (value === null) this.refuse(path, 'has no value: leave it out, and use --prune to remove it')
    else if (option.type === 'object') return this.object(path, value, `${option.path}.`)
    else if (option.type === 'mapping' && !isValues(value)) this.refuse(path, 'must be a mapping')
    else if (option.type === 'list' && !Array.isArray(value)) this.refuse(path, 'must be a list')
    else if (Array.isArray(value) && this.options.some(({ path }) => path.startsWith(`${option.path}[].`)))
      return value.map((one, index) => this.object([...path, index], one, `${option.path}[].`))
    else this.plain(path, value)
    return value
  }

  private plain(path: Path, value: unknown): void {
    if (typeof value === 'object' && value !== null)
      for (const [name, inner] of Object.entries(value)) this.plain([...path, Array.isArray(value) ? Number(name) : name], inner)
    else if (this.isSecret(path, value)) return
    else if (value === null) this.refuse(path, 'has no value: leave it out')
  }

  private isSecret(path: Path, value: unknown): boolean {
    if (typeof value !== 'string') return false
    const secrets = this.options.filter(({ secret }) => secret).map(option => `config.${option.path}`)
    if (/\$\{(env|file):/.test(value)) this.refuse(path, `must not be a reference: those are for ${secrets.join(', ')}`)
    else if (value.includes('PRIVATE KEY-----')) this.refuse(path, `has a private key, which must not be in the file: ${REMEDY}`)
    else return false
    return true
  }
}

const isSection = (name: string): boolean => (SECTIONS as readonly string[]).includes(name)
const unknown = (close: string | null): string => (close === null ? 'is not known' : `is not known: did you mean ${close}?`)
