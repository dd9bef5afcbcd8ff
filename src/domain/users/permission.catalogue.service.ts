import { KNOWN_PERMISSIONS, knownPermissions } from '../../authorization/permissions.ts'
import { query, type Service } from '../../authorization/service.ts'
import type { Direction, PermissionFilter } from '../../generated/inputs.ts'
import { type PageArgs, partPattern, windowOf } from '../../platform/database/pagination.ts'
import { checkPart } from '../../platform/validation.ts'
import { byName, type CatalogueQuery, permissionCatalogue } from './permission.catalogue.store.ts'

interface ListArgs extends PageArgs {
  filter?: PermissionFilter | null
  direction?: Direction | null
}

export const catalogue = {
  list: query('permission:list', async ({ db }, { filter, direction, ...page }: ListArgs) => {
    const order = byName(direction === 'DESC')
    return permissionCatalogue(db, { query: queryOf(filter ?? {}), order, window: windowOf(db.cursors, page, order) })
  }),
} satisfies Service

function queryOf({ known, search }: PermissionFilter): CatalogueQuery {
  const pattern = partPattern('search', search)
  const part = search ? checkPart('search', search) : null
  const meant =
    part === null ? [] : knownPermissions.filter(permission => KNOWN_PERMISSIONS[permission].toLowerCase().includes(part))
  return { known: known ?? null, pattern, meant }
}
