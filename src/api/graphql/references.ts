/** Inputs that services receive in another form. */
import { Invalid } from '../../platform/errors.ts'
import { uuid } from './node.ids.ts'

interface Reference {
  /** That form for codegen.ts: SDL, or a scalar. */
  readonly decoded: string
  /** Global ids in `input` are keys already. */
  decode(input: never, path: string): unknown
}

interface ByNumber {
  readonly id?: number
  readonly databaseId?: number
}
interface InIam {
  readonly iamid: string
  readonly databaseId: number
}
interface ByUuid {
  readonly id?: string
  readonly uuid?: string
}

const keyOf = ({ id, databaseId }: ByNumber, path: string): number => id ?? checkNumber(databaseId!, path)

const byNumber: Reference = { decoded: 'Int', decode: keyOf }
const byUuid: Reference = { decoded: 'String', decode: ({ id, uuid: given }: ByUuid, path) => id ?? checkUuid(given!, path) }

function byName({ name, inIam, ...reference }: ByNumber & { name?: object; inIam?: InIam }, path: string) {
  if (name) return name
  if (inIam) return { id: checkNumber(inIam.databaseId, `${path}.inIam`), iamid: inIam.iamid }
  return { id: keyOf(reference, path) }
}

function checkNumber(databaseId: number, path: string): number {
  if (databaseId < 1) throw new Invalid(`${path}.databaseId`, 'must be an integer from 1 to 2147483647')
  return databaseId
}

function checkUuid(given: string, path: string): string {
  const read = uuid(given)
  if (read === undefined) throw new Invalid(`${path}.uuid`, 'must be a UUID')
  return read
}

export const references: Readonly<Record<string, Reference>> = {
  UserRef: { decoded: 'input UserRef { id: Int iamid: String userid: String }', decode: byName },
  GroupRef: { decoded: 'input GroupRef { id: Int iamid: String name: String }', decode: byName },
  MembershipRef: byNumber,
  ApiKeyRef: byNumber,
  ProjectRef: byNumber,
  DataSourceRef: byNumber,
  SyncRunRef: byNumber,
  DomainRef: byUuid,
  DomainPermissionRef: byUuid,
}
