import type { UserRef } from '../../authorization/actor.ts'
import { changed, command, query, type Service, type ServiceContext, unchanged } from '../../authorization/service.ts'
import type { DomainFilter, DomainSort, GroupRef } from '../../generated/inputs.ts'
import { type PageArgs, readPage, rowsWithIds } from '../../platform/database/pagination.ts'
import { Conflict, Invalid, NotFound } from '../../platform/errors.ts'
import { canonical, checkName } from '../../platform/validation.ts'
import { requireGroup } from '../groups/groups.store.ts'
import { lockUser, requireUser } from '../users/users.store.ts'
import {
  countGrants,
  deleteDomainRow,
  deleteGrant,
  domainList,
  findGrant,
  grantsOfDomains,
  insertDomain,
  insertGrant,
  lockDomain,
} from './domains.store.ts'
import { textOrNull } from './projects.service.ts'

export interface GrantInput {
  readonly domainId: string
  readonly permission: string
  readonly user?: UserRef | null
  readonly group?: GroupRef | null
}

interface ListArgs extends PageArgs {
  filter?: DomainFilter | null
  sort?: DomainSort | null
}

export const domains = {
  list: query('domain:list', ({ db }: ServiceContext, { filter, sort, ...page }: ListArgs) =>
    readPage(db, domainList(filter ?? {}, sort), page),
  ),

  grantsWithIds: query('domain:list', ({ db }: ServiceContext, { ids }: { ids: readonly string[] }) =>
    rowsWithIds(db, grantsOfDomains, ids),
  ),

  create: command('domain:write', async ({ db, now }: ServiceContext, input: { name: string; description?: string | null }) => {
    const name = checkName('name', input.name)
    const description = textOrNull('description', input.description)
    const domain = await insertDomain(db, { name, nameKey: canonical(name), description }, now)
    if (!domain) throw new Conflict('A domain of this name already exists')
    return changed(domain, { event: 'domainCreated', target: target(domain), after: { name, description } })
  }),

  remove: command('domain:write', async ({ db }: ServiceContext, { id }: { id: string }) => {
    const domain = await lockDomain(db, id)
    const { name, description } = domain
    const before = { name, description, permissions: await countGrants(db, id) }
    await deleteDomainRow(db, id)
    return changed({ deletedId: id }, { event: 'domainDeleted', target: target(domain), before })
  }),

  grant: command('domain:write', async ({ db, now }: ServiceContext, input: GrantInput) => {
    const permission = checkName('permission', input.permission)
    if ((input.user == null) === (input.group == null)) throw new Invalid('user', 'or group is required, and not both')
    const domain = await lockDomain(db, input.domainId)
    const holder = await holderOf(db, input)
    const grant = { domainId: domain.id, permission, userId: holder.userId, groupId: holder.groupId }
    const isNew = await insertGrant(db, grant, now)
    const found = (await findGrant(db, grant))!
    if (!isNew) return unchanged(found)
    return changed(found, {
      event: 'domainPermissionGranted',
      target: target(domain),
      after: { permission, [holder.kind]: holder.name },
    })
  }),

  revoke: command('domain:write', async ({ db }: ServiceContext, { id }: { id: string }) => {
    const grant = await deleteGrant(db, id)
    if (!grant) throw new NotFound(`No permission within a domain with id ${id}`)
    const before = { permission: grant.permission, [grant.userId === null ? 'group' : 'user']: grant.holder }
    const of = target({ id: grant.domainId, name: grant.domain })
    return changed({ deletedId: id }, { event: 'domainPermissionRevoked', target: of, before })
  }),
} satisfies Service

interface Holder {
  readonly kind: 'user' | 'group'
  readonly userId: number | null
  readonly groupId: number | null
  readonly name: string
}

async function holderOf(db: ServiceContext['db'], { user, group }: GrantInput): Promise<Holder> {
  if (group != null) {
    const { id, iamid, name } = await requireGroup(db, group, 'FOR KEY SHARE')
    return { kind: 'group', userId: null, groupId: id, name: `${iamid}/${name}` }
  }
  const { id, iamid, userid } = await requireUser(db, user!)
  if ((await lockUser(db, id)).length === 0) throw new NotFound(`No user ${iamid}/${userid} any more`)
  return { kind: 'user', userId: id, groupId: null, name: `${iamid}/${userid}` }
}

const target = ({ id, name }: { id: string; name: string }) => ({ type: 'domain', id, name }) as const
