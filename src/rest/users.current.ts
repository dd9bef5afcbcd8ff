/** The current user's information, with what only this call shows. */
import type { ReadCurrentUserQuery } from '../generated/operations.ts'
import { aggregatedUser } from './shapes.ts'

type Viewer = NonNullable<ReadCurrentUserQuery['viewer']>

export function currentUser({
  user: { currentProject, domainPermissions, groups, isDataSourceOwner, ...user },
  impersonator,
}: Viewer) {
  return {
    ...aggregatedUser(user),
    ...(currentProject && { projectId: currentProject.id }),
    collectionPermissions: byDomain(domainPermissions ?? []),
    // Ids here, names in the hits of the searches.
    groups: (groups ?? []).map(group => group.id),
    isDataSourceOwner,
    // The marker of who impersonates, by the names that a token's information has for it.
    ...(impersonator && { impersonationuserid: impersonator.userid, impersonationiamid: impersonator.iamid }),
  }
}

/** `{domain id: [permissions in it]}`; the vendor calls a domain a collection. */
function byDomain(permissions: NonNullable<Viewer['user']['domainPermissions']>) {
  const grants = permissions.map(({ domain, group, ...rest }) => ({
    ...rest,
    collectionId: domain.id,
    groupId: group?.id ?? null,
  }))
  return Object.groupBy(grants, grant => grant.collectionId)
}
